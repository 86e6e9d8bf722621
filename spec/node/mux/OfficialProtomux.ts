import { createRequire } from 'node:module';
import { Duplex as NodeDuplex } from 'node:stream';
import { Observable } from 'rxjs';
import type { Duplex } from '../../../lib/Duplex.js';
import type { AnyCodec } from '../../../lib/mux/MuxState.js';

const require = createRequire(import.meta.url);

/** What the specs use of the package `protomux`. */
export interface OfficialChannel {
  readonly opened: boolean;
  readonly closed: boolean;
  readonly messages: readonly { send(value: unknown): boolean }[];
  open(handshake?: unknown): void;
  close(): void;
  cork(): void;
  uncork(): void;
}

export interface OfficialMux {
  readonly stream: NodeDuplex;
  createChannel(options: {
    protocol: string;
    id?: Uint8Array | null;
    aliases?: string[];
    unique?: boolean;
    handshake?: unknown;
    messages?: { encoding: AnyCodec; onmessage?: (value: unknown) => void }[];
    onopen?: (handshake: unknown) => void;
    onclose?: (isRemote: boolean) => void;
  }): OfficialChannel | null;
  pair(key: { protocol: string; id?: Uint8Array | null }, notify: (id: Uint8Array | null) => unknown): void;
  cork(): void;
  uncork(): void;
}

const Protomux = require('protomux') as new (stream: NodeDuplex) => OfficialMux;

/** A real Protomux and the other end of its message-framed stream, in memory, a turn of the event loop apart. */
export function officialProtomux(): { mux: OfficialMux; link: Duplex<Uint8Array>; errors: unknown[] } {
  const errors: unknown[] = [];
  const listeners = new Set<(payload: Uint8Array | null) => void>();
  const stream = new NodeDuplex({
    objectMode: true,
    read: () => undefined,
    write(chunk: Uint8Array, _encoding, done) {
      // The peer must not see Node's pooled memory change under it.
      for (const listener of listeners) listener(new Uint8Array(chunk));
      queueMicrotask(done);
    },
    final(done) {
      for (const listener of listeners) listener(null);
      done();
    },
  });
  Object.assign(stream, { userData: null });
  stream.on('error', error => errors.push(error));
  const mux = new Protomux(stream);
  const link = Object.assign(
    new Observable<Uint8Array>(subscriber => {
      const listener = (payload: Uint8Array | null): void =>
        payload === null ? subscriber.complete() : subscriber.next(payload);
      listeners.add(listener);
      return () => listeners.delete(listener);
    }),
    {
      // A copy, and never inside the call that sent it, as over any transport.
      next: (payload: Uint8Array) => {
        const copy = Buffer.from(payload);
        setImmediate(() => stream.push(copy));
      },
      error: (error: unknown) => void stream.destroy(error as Error),
      complete: () => void setImmediate(() => stream.push(null)),
    },
  );
  return { mux, link, errors };
}

/** Lets microtasks, ticks and immediates of both sides run. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise(resolve => setImmediate(resolve));
}
