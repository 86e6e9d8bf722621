import { HandshakeFailedError } from '../../lib/errors.js';
import type { HandshakeState, NoisePattern } from '../../lib/noise/HandshakeState.js';
import { hex, unhex } from '../helpers/bytes.js';
import { Random } from '../helpers/random.js';
import {
  caught,
  other,
  pairAfter,
  patternNames,
  play,
  recordedPair,
  rememberingCrypto,
  roles,
  vectors,
} from './handshakes.js';

describe('HandshakeState, altered messages', () => {
  const crypto = rememberingCrypto();

  /** The error is the right one and gives nothing away, and the side that failed is of no more use. */
  function expectDead(side: HandshakeState | null, error: unknown, step: number, bytes: Uint8Array): void {
    expect(error).toBeInstanceOf(HandshakeFailedError);
    const failure = error as HandshakeFailedError;
    expect([failure.code, failure.step]).toEqual(['ERR_HANDSHAKE_FAILED', step + 1]);
    expect(failure.message).not.toMatch(/[0-9a-f]{16}/);
    expect([side?.complete, side?.sends, side?.remotePublicKey]).toEqual([false, false, null]);
    expect(caught(() => side?.read(bytes))).toBeInstanceOf(TypeError);
    expect(caught(() => side?.write())).toBeInstanceOf(TypeError);
    expect(caught(() => side?.result())).toBeInstanceOf(TypeError);
  }

  for (const pattern of patternNames) {
    describe(`in ${pattern}, as recorded`, () => {
      vectors[pattern].tampered.forEach(tampered => {
        it(`case ${tampered.case}, message ${tampered.step + 1}: ${tampered.what}`, () => {
          const recorded = vectors[pattern].cases[tampered.case];
          const prologue = tampered.responderPrologue;
          const pair = recordedPair(
            crypto,
            pattern,
            recorded,
            prologue === undefined ? {} : { responder: { prologue: unhex(prologue) } },
          );
          const bytes = tampered.bytes === undefined ? undefined : unhex(tampered.bytes);
          const { log, failed, error } = play(pair, recorded, tampered.step, bytes);

          // The same operations with the same results, down to the one that fails. Of runs with another prologue only
          // the receiving side is recorded.
          const comparable = log
            .filter(({ op, step }) => step >= tampered.step && (op === 'recv' || prologue === undefined))
            .map(operation => (prologue === undefined ? operation : { ...operation, payload: undefined }));
          expect(comparable.length).toBe(tampered.log.length);
          comparable.forEach((operation, index) => {
            const { op, step, by, ok, message, payload } = tampered.log[index];
            expect(operation).toEqual(jasmine.objectContaining({ op, step, by, ok }));
            expect(operation.message).toBe(message);
            expect(operation.payload).toBe(payload);
          });
          expectDead(failed, error, log[log.length - 1].step, bytes ?? new Uint8Array(96));
        });
      });
    });

    it(`in ${pattern}: a flipped bit in any byte of any message fails the handshake`, () => {
      const random = new Random(`flips in ${pattern}`);
      const recorded = vectors[pattern].cases[0];
      const began = Date.now();
      let flips = 0;
      recorded.messages.forEach(({ from, message }, step) => {
        for (let at = 0; at < message.length / 2; at++, flips++) {
          const bytes = unhex(message);
          bytes[at] ^= 1 << random.integer(0, 7);
          const { log, failed, error } = play(recordedPair(crypto, pattern, recorded), recorded, step, bytes);
          const last = log[log.length - 1];
          expect(last.ok)
            .withContext(`message ${step + 1}, byte ${at}`)
            .toBe(false);
          expectDead(failed, error, last.step, bytes);
          // Only the first message of XX is not authenticated by itself.
          if (pattern === 'XX' && step === 0) expect(last.step).toBe(1);
          else expect([last.op, last.step, last.by]).toEqual(['recv', step, other(from)]);
        }
      });
      console.log(`  ${flips} flips in ${pattern}: ${Date.now() - began} ms`);
    });

    it(`in ${pattern}: a message cut at any length fails the handshake`, () => {
      const recorded = vectors[pattern].cases[0];
      recorded.messages.forEach(({ from, message }, step) => {
        const whole = unhex(message);
        for (let length = 0; length < whole.length; length++) {
          const receiver = pairAfter(crypto, pattern, recorded, step)[other(from)];
          const bytes = whole.subarray(0, length);
          const error = caught(() => receiver.read(bytes));
          expectDead(receiver, error, step, whole);
          expect((error as HandshakeFailedError).message).toContain(
            `expected ${whole.length} bytes, received ${length}`,
          );
        }
      });
    });

    it(`in ${pattern}: a bit flipped in a payload fails the handshake`, () => {
      const random = new Random(`payload flips in ${pattern}`);
      const recorded = vectors[pattern].cases[2];
      recorded.messages.forEach(({ payload, message }, step) => {
        expect(payload.length).toBeGreaterThan(0);
        const bytes = unhex(message);
        bytes[bytes.length - random.integer(1, payload.length / 2)] ^= 1 << random.integer(0, 7);
        const { failed, error, log } = play(recordedPair(crypto, pattern, recorded), recorded, step, bytes);
        expectDead(failed, error, log[log.length - 1].step, bytes);
      });
    });
  }

  it('in IK: a responder with another key than the initiator expects understands nothing', () => {
    const wrong = vectors.IK.wrongRemoteStatic ?? [];
    expect(wrong.length).toBeGreaterThan(0);
    for (const { remoteStatic, message1, initiator, responder } of wrong) {
      const pair = recordedPair(
        crypto,
        'IK',
        { prologue: '', initiator, responder },
        { initiator: { remotePublicKey: unhex(remoteStatic) } },
      );
      const message = pair.initiator.write();
      expect(hex(message)).toBe(message1);
      expectDead(
        pair.responder,
        caught(() => pair.responder.read(message)),
        0,
        message,
      );
    }
  });

  it('two sides that saw different messages never agree on a hash', () => {
    // A payload in the first message of XX is not encrypted: the responder takes what it gets.
    const pattern: NoisePattern = 'XX';
    const recorded = vectors[pattern].cases[2];
    const pair = recordedPair(crypto, pattern, recorded);
    const message = pair.initiator.write(unhex(recorded.messages[0].payload));
    message[message.length - 1] ^= 1;
    const received = pair.responder.read(message);
    expect(hex(received)).not.toBe(recorded.messages[0].payload);
    const [a, b] = roles.map(role => hex(pair[role].transcriptHash));
    expect(a).not.toBe(b);
  });
});
