import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import type { SecureOptions } from '../../lib/secret/SecureOptions.js';
import { SecureState } from '../../lib/secret/SecureState.js';
import { fill, hex } from '../helpers/bytes.js';

/** Delivers everything through one piece of memory that is overwritten after each delivery, and never at once. */
function converse(options: Partial<SecureOptions>, bytes: number, pauses = false): string[] {
  const outbox: [Uint8Array[], Uint8Array[]] = [[], []];
  const received: string[] = [];
  const ends = [true, false].map((initiator, side) => {
    const state: SecureState = new SecureState(
      { crypto: portableCrypto, initiator, ...options },
      {
        send: frame => outbox[side].push(frame),
        authorize: () => state.accept(),
        session: () => undefined,
        ready: () => {
          for (let n = 0; n < 5; n++) outbox[side].push(state.sealCopy(fill(n * n * 10, n)));
        },
        payload: payload => {
          received.push(hex(payload));
          if (pauses) state.pause();
        },
      },
    );
    return state;
  });
  for (const end of ends) end.start();
  const memory = new Uint8Array(bytes);
  while (outbox.some(frames => frames.length > 0)) {
    for (const side of [0, 1]) {
      const frame = outbox[side].shift();
      for (let at = 0; frame !== undefined && at < frame.length; at += bytes) {
        const piece = frame.subarray(at, at + bytes);
        memory.set(piece);
        ends[1 - side].receive(memory.subarray(0, piece.length), true);
        memory.fill(0xee);
      }
    }
  }
  for (let n = 0; pauses && n < 20; n++) for (const end of ends) end.resume();
  return received.sort();
}

describe('SecureState, given lent chunks', () => {
  const expected = [0, 1, 2, 3, 4].flatMap(n => (n === 0 ? [] : [fill(n * n * 10, n), fill(n * n * 10, n)]));

  for (const [what, options] of [
    ['encrypted', {}],
    ['without encryption', { encrypted: false }],
    ['without a handshake', { handshake: false }],
  ] as const) {
    for (const bytes of [1, 7, 32, 100, 1000]) {
      it(`keeps nothing of them, ${bytes} bytes at a time, ${what}`, () => {
        expect(converse(options, bytes)).toEqual(expected.map(hex).sort());
        expect(converse(options, bytes, true)).toEqual(expected.map(hex).sort());
      });
    }
  }
});
