import { MAC_BYTES } from './CipherState.js';

/** Which static keys the two sides exchange, and when (Noise rev 34 §7.5). Both sides must be set to the same. @public */
export type NoisePattern = 'XX' | 'IK';

/**
 * What a message holds or mixes in, in order (Noise rev 34 §7.1). Of the two letters of a Diffie–Hellman token, the first
 * is the initiator's key and the second the responder's.
 *
 * @internal
 */
export type Token = 'e' | 's' | 'ee' | 'es' | 'se' | 'ss';

/** A row of the table of patterns. @internal */
export interface PatternRow {
  /** Whether the initiator has the responder's static key beforehand (pre-message `<- s`). */
  readonly responderKnown: boolean;
  /** The tokens of every message; the first is the initiator's, then they take turns. */
  readonly messages: readonly (readonly Token[])[];
}

/** The patterns. @internal */
export const patterns: Readonly<Record<NoisePattern, PatternRow>> = {
  XX: { responderKnown: false, messages: [['e'], ['e', 'ee', 's', 'es'], ['s', 'se']] },
  IK: {
    responderKnown: true,
    messages: [
      ['e', 'es', 's', 'ss'],
      ['e', 'ee', 'se'],
    ],
  },
};

/** Bytes of a public key, which is a compressed point. @internal */
export const PUBLIC_KEY_BYTES = 32;

/** Bytes of the longest message (Noise rev 34 §3). @internal */
export const MAX_MESSAGE_BYTES = 0xffff;

/** Bytes of every message of a pattern with an empty payload: 32, 96, 64 in XX and 96, 48 in IK. @internal */
export function messageLengths(pattern: NoisePattern): number[] {
  let keyed = false;
  return patterns[pattern].messages.map(tokens => {
    let length = 0;
    for (const token of tokens) {
      if (token === 'e') length += PUBLIC_KEY_BYTES;
      else if (token === 's') length += PUBLIC_KEY_BYTES + (keyed ? MAC_BYTES : 0);
      else keyed = true;
    }
    return length + (keyed ? MAC_BYTES : 0);
  });
}

/**
 * Which messages without a payload have this length, in words. A peer that is set to another pattern, or to the same
 * role, betrays itself by it; lengths are no secret.
 *
 * @internal
 */
export function messagesOfLength(length: number): string[] {
  const found: string[] = [];
  for (const pattern of Object.keys(patterns) as NoisePattern[]) {
    messageLengths(pattern).forEach((bytes, index) => {
      if (bytes === length) found.push(`message ${index + 1} of ${pattern}`);
    });
  }
  return found;
}
