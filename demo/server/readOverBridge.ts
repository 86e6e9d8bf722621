import { ignoreElements, lastValueFrom, merge, reduce, tap } from 'rxjs';
import { hypercoreProtocol, type Protocol, webSocketConnect, type WebSocketConstructor } from 'rx-hypercore';
import { bestCrypto } from 'rx-hypercore/crypto';
import { createPeer } from 'rx-hypercore/log';
import { WebSocket } from 'ws';

/** What was read, and how long it took. */
export interface Reading {
  readonly blocks: number;
  readonly bytes: number;
  readonly seconds: number;
}

/** Does in Node what the page does: dials the bridge, reads the first blocks of a core, and verifies each. */
export async function readOverBridge(url: string, key: Uint8Array, count: number): Promise<Reading> {
  const crypto = await bestCrypto();
  const started = performance.now();
  const peer = createPeer({ crypto });
  let protocol: Protocol | undefined;
  const connection = webSocketConnect(url, {
    WebSocket: WebSocket as unknown as WebSocketConstructor,
  }).pipe(
    hypercoreProtocol({ initiator: true, crypto }),
    tap(opened => void peer.replicate((protocol = opened))),
    ignoreElements(),
  );
  const sum = peer
    .core(key)
    .blocks({ end: count, live: true })
    .pipe(
      reduce(({ blocks, bytes }, { value }) => ({ blocks: blocks + 1, bytes: bytes + value.length }), {
        blocks: 0,
        bytes: 0,
      }),
    );
  try {
    const read = await lastValueFrom(merge(sum.pipe(tap(() => protocol?.close())), connection));
    return { ...read, seconds: (performance.now() - started) / 1000 };
  } finally {
    await peer.close();
  }
}
