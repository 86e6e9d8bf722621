import { InjectionToken } from '@angular/core';

/** What the page must know before it can begin. */
export interface Facts {
  /** Where the bridge is. */
  readonly url: string;
  /** Who the bridge is: the key that the handshake must prove, 32 bytes. */
  readonly bridge: Uint8Array;
  /** Keys of the two cores, 32 bytes: whoever knows one may read the core. */
  readonly plot: Uint8Array;
  readonly room: Uint8Array;
}

export const FACTS = new InjectionToken<Facts>('the facts of the demo');

/** Asks the server of the page. */
export async function fetchFacts(): Promise<Facts> {
  const answer = await fetch('facts.json');
  if (!answer.ok) throw new Error(`no facts: ${answer.status}`);
  const { bridge, plot, room, path } = (await answer.json()) as Record<
    'bridge' | 'plot' | 'room' | 'path',
    string
  >;
  const url = new URL(path, location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  return { url: url.href, bridge: bytesOf(bridge), plot: bytesOf(plot), room: bytesOf(room) };
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], byte => Number.parseInt(byte, 16));
}
