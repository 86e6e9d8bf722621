import type { CryptoBackend, KeyPair } from '../../lib/crypto/CryptoBackend.js';
import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import { HandshakeFailedError } from '../../lib/errors.js';
import { HandshakeState, type HandshakeOptions, type NoisePattern } from '../../lib/noise/HandshakeState.js';
import { fill, hex, unhex } from '../helpers/bytes.js';
import {
  caught,
  other,
  pairAfter,
  patternNames,
  recordedPair,
  rememberingCrypto,
  roles,
  type Role,
  vectors,
} from './handshakes.js';

describe('HandshakeState', () => {
  const crypto = rememberingCrypto();
  const anna = portableCrypto.keyPair(fill(32, 1));
  const ben = portableCrypto.keyPair(fill(32, 2));

  /** Two sides with ephemeral keys of their own. */
  function freshPair(
    pattern: NoisePattern,
    changes: Partial<HandshakeOptions> = {},
  ): Record<Role, HandshakeState> {
    const remotePublicKey = ben.publicKey;
    return {
      initiator: new HandshakeState({
        crypto,
        pattern,
        initiator: true,
        keyPair: anna,
        remotePublicKey,
        ...changes,
      }),
      responder: new HandshakeState({ crypto, pattern, initiator: false, keyPair: ben, ...changes }),
    };
  }

  function run({ initiator, responder }: Record<Role, HandshakeState>): Uint8Array[] {
    const messages: Uint8Array[] = [];
    for (let sender = initiator; !initiator.complete || !responder.complete;) {
      const message = sender.write();
      sender = sender === initiator ? responder : initiator;
      sender.read(message);
      messages.push(message);
    }
    return messages;
  }

  for (const pattern of patternNames) {
    describe(`in ${pattern}, with recorded keys and payloads`, () => {
      vectors[pattern].cases.forEach((recorded, index) => {
        it(`case ${index}: ${recorded.what}`, () => {
          const pair = recordedPair(crypto, pattern, recorded);
          recorded.messages.forEach((expected, step) => {
            const sender = pair[expected.from];
            const receiver = pair[other(expected.from)];
            expect([sender.step, sender.sends, receiver.sends]).toEqual([step, true, false]);

            const message = sender.write(unhex(expected.payload));
            expect(hex(message)).toBe(expected.message);
            const received = unhex(expected.message);
            expect(hex(receiver.read(received))).toBe(expected.payload);
            expect(hex(received)).withContext('the message is only read').toBe(expected.message);

            for (const side of [sender, receiver]) {
              expect(hex(side.transcriptHash)).toBe(expected.h);
              expect(hex(side.chainingKey)).toBe(expected.ck ?? '00'.repeat(64));
              expect([side.step, side.complete]).toEqual([step + 1, expected.ck === null]);
            }
          });
          for (const role of roles) {
            const result = pair[role].result();
            const expected = recorded[`${role}Result`];
            expect(hex(result.tx)).toBe(expected.tx);
            expect(hex(result.rx)).toBe(expected.rx);
            expect(hex(result.remotePublicKey)).toBe(expected.remoteStatic);
            expect(hex(result.handshakeHash)).toBe(recorded.handshakeHash);
            expect(pair[role].sends).toBe(false);
          }
        });
      });
    });

    it(`generates an ephemeral key per ${pattern} handshake, and both sides agree`, () => {
      const first = freshPair(pattern);
      const second = freshPair(pattern);
      const messages = run(first).map(hex);
      expect(messages).not.toEqual(run(second).map(hex));
      expect(messages.map(message => message.length / 2)).toEqual(pattern === 'XX' ? [32, 96, 64] : [96, 48]);
      for (const pair of [first, second]) {
        const [a, b] = [pair.initiator.result(), pair.responder.result()];
        expect(hex(a.tx)).toBe(hex(b.rx));
        expect(hex(a.rx)).toBe(hex(b.tx));
        expect(hex(a.handshakeHash)).toBe(hex(b.handshakeHash));
        expect([hex(a.remotePublicKey), hex(b.remotePublicKey)]).toEqual([
          hex(ben.publicKey),
          hex(anna.publicKey),
        ]);
      }
      expect(hex(first.initiator.result().tx)).not.toBe(hex(second.initiator.result().tx));
    });
  }

  it("knows the remote's static key once the message that carries it has authenticated", () => {
    const known = (pair: Record<Role, HandshakeState>): boolean[] =>
      roles.map(role => pair[role].remotePublicKey !== null);
    const seen = (pattern: NoisePattern): boolean[][] =>
      [...vectors[pattern].cases[0].messages, null].map((_, count) =>
        known(pairAfter(crypto, pattern, vectors[pattern].cases[0], count)),
      );
    expect(seen('XX')).toEqual([
      [false, false],
      [false, false],
      [true, false],
      [true, true],
    ]);
    expect(seen('IK')).toEqual([
      [true, false],
      [true, true],
      [true, true],
    ]);
  });

  it('keeps nothing of the arrays it was given', () => {
    const remotePublicKey = Uint8Array.from(ben.publicKey);
    const { initiator, responder } = freshPair('IK', { remotePublicKey });
    remotePublicKey.fill(0);
    const message = initiator.write();
    responder.read(message);
    message.fill(0);
    initiator.read(responder.write());
    expect(hex(initiator.result().handshakeHash)).toBe(hex(responder.result().handshakeHash));
    expect(hex(initiator.result().remotePublicKey)).toBe(hex(ben.publicKey));
  });

  describe('refuses mistakes of its caller', () => {
    const options: HandshakeOptions = { crypto, pattern: 'XX', initiator: true, keyPair: anna };
    const withOptions = (changes: object) => () => new HandshakeState({ ...options, ...changes });

    it('options', () => {
      expect(withOptions({ pattern: 'IK' })).toThrowError(TypeError, /remotePublicKey/);
      expect(withOptions({ pattern: 'IK', initiator: false })).not.toThrow();
      expect(withOptions({ remotePublicKey: fill(31, 1) })).toThrowError(RangeError, /remotePublicKey/);
      expect(withOptions({ remotePublicKey: 'key' })).toThrowError(TypeError, /remotePublicKey/);
      for (const pattern of ['NN', 'xx', '', 'toString', '__proto__']) {
        expect(withOptions({ pattern })).toThrowError(RangeError, /pattern/);
      }
      for (const name of ['keyPair', 'ephemeralKeyPair']) {
        const wrong = (part: object): (() => unknown) => withOptions({ [name]: { ...anna, ...part } });
        expect(wrong({ publicKey: fill(33, 1) })).toThrowError(RangeError, new RegExp(`${name}.publicKey`));
        expect(wrong({ secretKey: fill(32, 1) })).toThrowError(RangeError, new RegExp(`${name}.secretKey`));
        expect(wrong({ secretKey: undefined })).toThrowError(TypeError, new RegExp(`${name}.secretKey`));
      }
    });

    it('calls out of turn, which have no effect', () => {
      const { initiator, responder } = freshPair('XX');
      expect(() => initiator.read(fill(96, 1))).toThrowError(TypeError);
      expect(() => responder.write()).toThrowError(TypeError);
      expect(() => initiator.result()).toThrowError(TypeError);
      run({ initiator, responder });
      expect(() => initiator.write()).toThrowError(TypeError, /over/);
      expect(() => initiator.read(fill(96, 1))).toThrowError(TypeError, /over/);
      expect(initiator.result()).toBe(initiator.result());
    });
  });

  describe('refuses messages above 65,535 bytes', () => {
    // The package that the vectors come from applies the limit to each ciphertext, and so sends messages that are longer
    // than its limit; Noise (rev 34 §3) applies it to the message, as we do.
    for (const pattern of patternNames) {
      it(`in ${pattern}, when writing, without an effect; and when reading`, () => {
        const recorded = vectors[pattern].cases[0];
        recorded.messages.forEach(({ from, message }, step) => {
          const room = 65535 - message.length / 2;
          const pair = pairAfter(crypto, pattern, recorded, step);
          expect(() => pair[from].write(fill(room + 1, 7))).toThrowError(RangeError, /65535/);
          const longest = pair[from].write(fill(room, 7));
          expect(longest.length).toBe(65535);
          expect(pair[other(from)].read(longest)).toEqual(fill(room, 7));

          const unlucky = pairAfter(crypto, pattern, recorded, step)[other(from)];
          expect(caught(() => unlucky.read(fill(65536, 7)))).toEqual(
            new HandshakeFailedError(step + 1, '65536 bytes exceed the limit of 65535'),
          );
        });
      });

      it(`in ${pattern}, where the recorded limits are, or below`, () => {
        for (const { payloadLength, message } of vectors[pattern].limits) {
          const pair = pairAfter(crypto, pattern, vectors[pattern].cases[0], message);
          const sender = message % 2 === 0 ? pair.initiator : pair.responder;
          expect(() => sender.write(fill(payloadLength, 0))).toThrowError(RangeError);
        }
      });
    }
  });

  describe('overwrites secrets', () => {
    /** Notes everything secret that the backend hands out, and the keys that it is given. */
    function watched(): {
      watchedCrypto: CryptoBackend;
      secrets: Uint8Array[];
      derived: Uint8Array[];
      drawn: number[];
    } {
      const secrets: Uint8Array[] = [];
      const derived: Uint8Array[] = [];
      const drawn: number[] = [];
      const keep = <T extends Uint8Array | null>(bytes: T): T => {
        if (bytes !== null) secrets.push(bytes);
        return bytes;
      };
      const watchedCrypto: CryptoBackend = {
        ...crypto,
        randomBytes(length) {
          drawn.push(length);
          return keep(portableCrypto.randomBytes(length));
        },
        keyPair(seed) {
          const pair: KeyPair = portableCrypto.keyPair(seed);
          keep(pair.secretKey);
          return pair;
        },
        dh: (secretKey, remotePublicKey) => keep(crypto.dh(secretKey, remotePublicKey)),
        // HMAC alone starts with a padded key of 128 bytes; all that comes of it is secret.
        hash(length, parts, key) {
          const digest = portableCrypto.hash(length, parts, key);
          if (parts[0].length === 128) derived.push(parts[0], digest);
          return digest;
        },
        seal(key, nonce, plaintext, associated) {
          derived.push(key);
          return portableCrypto.seal(key, nonce, plaintext, associated);
        },
        open(key, nonce, sealed, associated) {
          derived.push(key);
          return portableCrypto.open(key, nonce, sealed, associated);
        },
      };
      return { watchedCrypto, secrets, derived, drawn };
    }

    const zeros = (bytes: Uint8Array): boolean => bytes.every(byte => byte === 0);

    for (const pattern of patternNames) {
      it(`of ${pattern}, when it is complete`, () => {
        const { watchedCrypto, secrets, derived, drawn } = watched();
        const pair = freshPair(pattern, { crypto: watchedCrypto });
        run(pair);
        expect(drawn).toEqual([32, 32]);
        expect(secrets.length).toBe(pattern === 'XX' ? 4 + 6 : 4 + 8);
        expect(secrets.every(zeros)).toBe(true);
        expect(derived.length).toBeGreaterThan(50);
        expect(derived.every(zeros)).toBe(true);
        for (const role of roles) {
          expect(zeros(pair[role].chainingKey)).toBe(true);
          expect(zeros(pair[role].result().tx) || zeros(pair[role].result().rx)).toBe(false);
        }
      });

      it(`of ${pattern}, when it fails`, () => {
        const { watchedCrypto, secrets, derived } = watched();
        const { initiator, responder } = freshPair(pattern, { crypto: watchedCrypto });
        responder.read(initiator.write());
        const answer = responder.write();
        answer[answer.length - 1] ^= 1;
        expect(() => initiator.read(answer)).toThrowError(HandshakeFailedError);
        responder.wipe();
        expect(secrets.length).toBeGreaterThan(6);
        expect(secrets.every(zeros)).toBe(true);
        expect(derived.length).toBeGreaterThan(50);
        expect(derived.every(zeros)).toBe(true);
        for (const side of [initiator, responder]) {
          expect(zeros(side.chainingKey)).toBe(true);
          expect([side.remotePublicKey, side.sends, side.complete]).toEqual([null, false, false]);
          expect(() => side.write()).toThrowError(TypeError, /over/);
          expect(() => side.read(answer)).toThrowError(TypeError, /over/);
          expect(() => side.result()).toThrowError(TypeError);
        }
      });
    }

    it('of a result that nobody asked for, but of none that was handed out', () => {
      const asked = freshPair('XX');
      run(asked);
      const result = asked.initiator.result();
      asked.initiator.wipe();
      expect(zeros(result.tx) || zeros(result.rx)).toBe(false);
      expect(asked.initiator.complete).toBe(true);
      asked.responder.wipe();
      expect([asked.responder.complete, asked.responder.remotePublicKey]).toEqual([false, null]);
      expect(() => asked.responder.result()).toThrowError(TypeError);
      asked.responder.wipe();
    });

    it("but not the caller's own keys", () => {
      const copies = [anna, ben].map(({ publicKey, secretKey }) => hex(publicKey) + hex(secretKey));
      const ephemeral = portableCrypto.keyPair(fill(32, 3));
      const before = hex(ephemeral.secretKey);
      const pair = freshPair('IK');
      const initiator = new HandshakeState({
        crypto,
        pattern: 'IK',
        initiator: true,
        keyPair: anna,
        remotePublicKey: ben.publicKey,
        ephemeralKeyPair: ephemeral,
      });
      run({ initiator, responder: pair.responder });
      initiator.wipe();
      expect(hex(ephemeral.secretKey)).toBe(before);
      expect([anna, ben].map(({ publicKey, secretKey }) => hex(publicKey) + hex(secretKey))).toEqual(copies);
    });
  });

  it('reports a backend that throws as a failed handshake, and is over', () => {
    const broken = new Error('no entropy');
    const unlucky: CryptoBackend = {
      ...crypto,
      randomBytes() {
        throw broken;
      },
    };
    const { initiator } = freshPair('XX', { crypto: unlucky });
    const error = caught(() => initiator.write());
    expect(error).toBeInstanceOf(HandshakeFailedError);
    expect((error as HandshakeFailedError).cause).toBe(broken);
    expect(() => initiator.write()).toThrowError(TypeError);
  });

  describe('says what a peer may be that cannot be understood', () => {
    const pairOf = (initiating: NoisePattern, responding: NoisePattern): Record<Role, HandshakeState> => ({
      initiator: freshPair(initiating).initiator,
      responder: freshPair(responding).responder,
    });

    it('XX to a responder in IK', () => {
      const { initiator, responder } = pairOf('XX', 'IK');
      expect(() => responder.read(initiator.write())).toThrowError(
        HandshakeFailedError,
        /at message 1: too short: expected 96 bytes, received 32, the length of message 1 of XX/,
      );
    });

    it('IK to a responder in XX, who takes the rest for a payload', () => {
      const { initiator, responder } = pairOf('IK', 'XX');
      expect(responder.read(initiator.write()).length).toBe(64);
      expect(() => initiator.read(responder.write())).toThrowError(
        HandshakeFailedError,
        /at message 2: .*expected 48 bytes, received 96, the length of message 2 of XX and message 1 of IK/,
      );
    });

    it('two initiators', () => {
      const expected = {
        XX: /received 32, the length of message 1 of XX/,
        IK: /received 96, .*message 1 of IK/,
      };
      for (const pattern of patternNames) {
        const [one, two] = [freshPair(pattern).initiator, freshPair(pattern).initiator];
        const message = one.write();
        two.write();
        expect(() => two.read(message)).toThrowError(HandshakeFailedError, expected[pattern]);
      }
    });

    it('something that speaks no Noise', () => {
      const { responder } = freshPair('XX');
      expect(caught(() => responder.read(fill(5, 0x47)))).toEqual(
        new HandshakeFailedError(1, 'too short: expected 32 bytes, received 5'),
      );
    });
  });
});
