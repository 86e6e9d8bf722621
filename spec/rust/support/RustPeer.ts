import { fileURLToPath } from 'node:url';
import { type Line, PeerProcess } from '../../interop/support/PeerProcess.js';

/** The wires of the crate `hypercore-protocol` that there are: 0.6 (0.5 speaks it too) and 0.7. */
export type CrateVersion = '0.6' | '0.7';

/** How the peer is started; `interop/rust/source/peer.rs` says what it all means. */
export interface PeerOptions {
  readonly role: 'writer' | 'reader' | 'echo' | 'report' | 'flood' | 'mixed';
  /** Where to dial; the peer listens on a port of its own choosing where it is absent. */
  readonly dial?: number;
  /** Seed of a writer's core, 32 bytes as hex. */
  readonly seed?: string;
  /** Keys it knows, 32 bytes each as hex. */
  readonly keys?: readonly string[];
  /** Keys of cores that a mixed peer reads; its own it writes, and other channels it echoes. */
  readonly read?: readonly string[];
  /** Opens its keys at once, and not only when we did. */
  readonly active?: boolean;
  readonly count?: number;
  readonly size?: number;
  readonly window?: number;
  /** 0.6 only: reads through `whole_frames.rs`. */
  readonly wholeFrames?: boolean;
}

/** What it reports. */
export interface PeerEvents {
  ready: { versions: string; keys: string[] };
  listening: { port: number };
  connection: object;
  handshake: { publicKey: string; remotePublicKey: string };
  'discovery-key': { discoveryKey: string };
  channel: { discoveryKey: string; id: number };
  close: { discoveryKey: string };
  block: { discoveryKey: string; index: number; length: number; sha256: string };
  upgraded: { discoveryKey: string; length: number };
  downloaded: { discoveryKey: string; length: number };
  message: { discoveryKey: string; text: string };
  refused: { reason: string };
  error: { message: string };
  panic: { message: string; place: string };
}

/** A message that the peer is told to send, by the names of our own messages. */
export interface PeerMessage {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** What it can be told. */
export type PeerCommand =
  | { readonly do: 'open'; readonly key: string }
  | { readonly do: 'close' | 'forget'; readonly discoveryKey: string }
  | {
      readonly do: 'send' | 'send-batch';
      readonly discoveryKey: string;
      readonly messages: readonly PeerMessage[];
    }
  | { readonly do: 'append'; readonly discoveryKey: string; readonly count: number; readonly size: number }
  | { readonly do: 'quit' };

/** A program on the real crate, in a process of its own. */
export class RustPeer extends PeerProcess<PeerEvents> {
  private static readonly living = new Set<RustPeer>();

  static get alive(): number {
    return RustPeer.living.size;
  }

  static async stopAll(): Promise<void> {
    await Promise.all([...RustPeer.living].map(peer => peer.stop()));
  }

  static async start(version: CrateVersion, options: PeerOptions): Promise<RustPeer> {
    const peer = new RustPeer(version, options);
    RustPeer.living.add(peer);
    peer.readied = await peer.event('ready');
    if (options.dial === undefined) peer.heard = await peer.event('listening');
    return peer;
  }

  private readied: PeerEvents['ready'] | undefined;
  private heard: PeerEvents['listening'] | undefined;

  private constructor(version: CrateVersion, options: PeerOptions) {
    const name = `peer${version.replace('.', '')}`;
    const program = fileURLToPath(new URL(`../../../interop/rust/target/release/${name}`, import.meta.url));
    super(`hypercore-protocol ${version} peer`, program, argumentsOf(options));
  }

  /** Where it listens. */
  get port(): number {
    if (this.heard === undefined) throw new Error('the peer dials');
    return this.heard.port;
  }

  /** The keys it knows, a writer's own last. */
  get keys(): readonly string[] {
    return this.readied?.keys ?? [];
  }

  /** The key of a writer's own core. */
  get key(): string {
    return this.keys[this.keys.length - 1];
  }

  tell(command: PeerCommand): void {
    this.write(command);
  }

  /** How it failed: the text of the error its crate reported, or of the panic that ended it. */
  async failure(deadlineMs?: number): Promise<string> {
    const fatal = (line: Line): boolean => line['event'] === 'error' || line['event'] === 'panic';
    const line = await this.line('a failure', fatal, deadlineMs);
    const { event, message, place } = line as { event: string; message: string; place?: string };
    return event === 'panic'
      ? `panic: ${message} (${place?.replace(/^.*\/registry\/src\/[^/]*\//, '')})`
      : message;
  }

  protected override gone(): void {
    RustPeer.living.delete(this);
  }
}

function argumentsOf(options: PeerOptions): string[] {
  const { role, dial, seed, keys = [], read = [], active, count, size, window, wholeFrames } = options;
  const given: string[] = ['--role', role];
  if (dial !== undefined) given.push('--dial', `127.0.0.1:${dial}`);
  if (seed !== undefined) given.push('--seed', seed);
  for (const key of keys) given.push('--key', key);
  for (const key of read) given.push('--read', key);
  if (active === true) given.push('--active');
  if (count !== undefined) given.push('--count', String(count));
  if (size !== undefined) given.push('--size', String(size));
  if (window !== undefined) given.push('--window', String(window));
  if (wholeFrames === true) given.push('--whole-frames');
  return given;
}
