import type { Codec } from '../encoding/Codec.js';
import { fixed32 } from '../encoding/fixed.js';
import { uint } from '../encoding/uint.js';

/** What a peer says when it opens the channel of a core: the handshake of the Protomux channel. @public */
export interface Open {
  /** The sender answers requests with a seek. The Rust crate does not. */
  readonly seeks: boolean;
  /** 32 bytes that prove, for this connection only, that the sender knows the key of the core. */
  readonly capability: Uint8Array;
}

const SEEKS = 1;

/** `flags capability` (hypercore `lib/messages.js`, `wire.handshake`). @internal */
export const openCodec: Codec<Open> = {
  preencode(state, open) {
    state.end++; // flags
    fixed32.preencode(state, open.capability);
  },
  encode(state, open) {
    state.buffer![state.start++] = open.seeks ? SEEKS : 0;
    fixed32.encode(state, open.capability);
  },
  decode(state) {
    const flags = uint.decode(state);
    return { seeks: (flags & SEEKS) !== 0, capability: fixed32.decode(state) };
  },
};

/**
 * Reads the handshake of an open, `null` if it is none.
 *
 * It does not fail like the other readers, because the two sides speak the same protocol when they get here: a remote
 * that proves nothing loses the channel it wanted to open, not the connection with all the others.
 *
 * @param handshake - what is left of the open packet after its protocol and id; the capability is a view of it
 * @internal
 */
export function decodeOpen(handshake: Uint8Array): Open | null {
  // The Rust crate 0.6 does not write the flags but leaves there what its buffer held, which may look like a longer number.
  // Without room for a longer one it is a byte, and what it says is at most wrong about seeks.
  if (handshake.length === 33) {
    return { seeks: (handshake[0] & SEEKS) !== 0, capability: handshake.subarray(1) };
  }
  const state = { start: 0, end: handshake.length, buffer: handshake };
  try {
    return openCodec.decode(state);
  } catch {
    return null;
  }
}
