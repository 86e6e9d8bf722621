import {
  RECORD_OVERHEAD,
  SecretStreamTag,
  type CryptoBackend,
  type SecretStreamPull,
  type SecretStreamPush,
} from '../../lib/crypto/CryptoBackend.js';
import { bytesOfRule, concat, fill, hex, unhex, type ByteRule } from '../helpers/bytes.js';
import vectors from '../vectors/secretstream.json' with { type: 'json' };
import type { StreamsFromCounter } from './backendSuite.js';

interface State {
  k: string;
  counter: number;
  inonce: string;
}

interface Message {
  explicitRekey?: boolean;
  plaintext?: string;
  plaintextRule?: ByteRule;
  tag: number;
  ad?: string;
  ciphertext?: string;
  ciphertextDigest?: { length: number; blake2b: string; first: string; last: string };
}

interface Stream {
  what: string;
  key: string;
  header: string;
  counter?: number;
  stateAfter: State;
  messages: Message[];
}

interface StreamVectors {
  tags: Record<string, number>;
  streams: Stream[];
  rejected: {
    key: string;
    header: string;
    plaintexts: string[];
    ciphertexts: string[];
    cases: {
      what: string;
      accepted: number;
      ciphertext: string;
      ad?: string;
      key?: string;
      header?: string;
      nextAccepted?: boolean;
    }[];
  };
}

const { tags, streams, rejected } = vectors as StreamVectors;

const sealed = (push: SecretStreamPush, plaintext: Uint8Array, tag?: number): Uint8Array => {
  const record = new Uint8Array(plaintext.length + RECORD_OVERHEAD);
  record.set(plaintext, 1);
  push.seal(record, 0, record.length, tag);
  return record;
};

const opened = (pull: SecretStreamPull, record: Uint8Array): string | null => {
  const plaintext = pull.open(record);
  return plaintext === null ? null : hex(plaintext);
};

const plaintextOf = ({ plaintext, plaintextRule }: Message): Uint8Array =>
  plaintextRule === undefined ? unhex(plaintext ?? '') : bytesOfRule(plaintextRule);

/** libsodium's secretstream: its records byte for byte, in both directions, and what it refuses. */
export function secretStreamSuite(crypto: CryptoBackend, fromCounter?: StreamsFromCounter): void {
  const pushOf = ({ key, header, counter }: Stream): SecretStreamPush =>
    counter === undefined || fromCounter === undefined
      ? crypto.secretStreamPush(unhex(key), unhex(header))
      : fromCounter.push(unhex(key), unhex(header), counter);
  const pullOf = ({ key, header, counter }: Stream): SecretStreamPull =>
    counter === undefined || fromCounter === undefined
      ? crypto.secretStreamPull(unhex(key), unhex(header))
      : fromCounter.pull(unhex(key), unhex(header), counter);

  const expectRecord = (record: Uint8Array, message: Message, context: string): void => {
    const { ciphertext, ciphertextDigest: digest } = message;
    if (ciphertext !== undefined) expect(hex(record)).withContext(context).toBe(ciphertext);
    else if (digest === undefined) fail(`nothing to compare with: ${context}`);
    else {
      expect(record.length).toBe(digest.length);
      expect(hex(record.subarray(0, 32))).toBe(digest.first);
      expect(hex(record.subarray(-32))).toBe(digest.last);
      expect(hex(crypto.hash(32, [record])))
        .withContext(context)
        .toBe(digest.blake2b);
    }
  };

  /**
   * The record of `length` zeros that a stream in that state makes, by way of the AEAD: both take their MAC key from
   * block 0, the AEAD goes on with block 1, where a secretstream hides the tag. The padding is the same if `length` is
   * a multiple of sixteen.
   */
  const zerosIn = ({ k, counter, inonce }: State, length: number): string => {
    const nonce = concat(new Uint8Array(4), unhex(inonce));
    new DataView(nonce.buffer).setUint32(0, counter, true);
    const aead = crypto.seal(unhex(k), nonce, fill(64 + length, 0), fill(0, 0));
    return hex(concat(aead.subarray(0, 1), aead.subarray(64)));
  };

  const genuine = (): SecretStreamPull =>
    crypto.secretStreamPull(unhex(rejected.key), unhex(rejected.header));

  describe('secret stream', () => {
    it('has the tags of libsodium', () => {
      expect({ ...SecretStreamTag }).toEqual(tags as typeof SecretStreamTag);
    });

    for (const stream of streams) {
      if (stream.counter !== undefined && fromCounter === undefined) continue;
      if (stream.messages.some(({ ad }) => ad !== undefined)) continue;

      it(`pushes and pulls ${stream.what}`, () => {
        const push = pushOf(stream);
        const pull = pullOf(stream);
        stream.messages.forEach((message, i) => {
          if (message.explicitRekey === true) {
            push.rekey();
            pull.rekey();
            return;
          }
          const plaintext = plaintextOf(message);
          const record = sealed(push, plaintext, message.tag);
          expectRecord(record, message, `message ${i}`);
          expect(opened(pull, record)).toBe(hex(plaintext));
          expect(pull.tag).toBe(message.tag);
        });
        const zeros = sealed(push, fill(96, 0));
        expect(hex(zeros)).toBe(zerosIn(stream.stateAfter, 96));
        expect(opened(pull, zeros)).toBe(hex(fill(96, 0)));
      });
    }

    it('derives its key with HChaCha20 as printed in draft-irtf-cfrg-xchacha section 2.2.1', () => {
      const key = unhex('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f');
      const subkey = '82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc';
      const inonce = '0001020304050607';
      const header = unhex('000000090000004a0000000031415927' + inonce);
      const record = sealed(crypto.secretStreamPush(key, header), fill(192, 0));
      expect(hex(record)).toBe(zerosIn({ k: subkey, counter: 1, inonce }, 192));
    });

    it('refuses records with associated data, which the protocol does not use', () => {
      const withData = streams.filter(({ messages }) => messages.some(({ ad }) => ad !== undefined));
      expect(withData.length).toBeGreaterThan(0);
      for (const stream of withData) {
        const pull = pullOf(stream);
        for (const { ciphertext } of stream.messages) expect(pull.open(unhex(ciphertext ?? ''))).toBeNull();
      }
    });

    rejected.cases.forEach(({ what, accepted, ciphertext, ad, key, header, nextAccepted }, i) => {
      // The record of these is genuine; it is the reader's associated data that does not fit.
      if (ad !== undefined) return;

      it(`refuses, and goes on as if nothing had come: ${what} (${i})`, () => {
        const pull = crypto.secretStreamPull(unhex(key ?? rejected.key), unhex(header ?? rejected.header));
        const open = (n: number): void => {
          expect(opened(pull, unhex(rejected.ciphertexts[n]))).toBe(rejected.plaintexts[n]);
        };
        for (let n = 0; n < accepted; n++) open(n);
        const { tag } = pull;
        expect(pull.open(unhex(ciphertext))).toBeNull();
        expect(pull.open(unhex(ciphertext))).toBeNull();
        expect(pull.tag).toBe(tag);
        if (nextAccepted === true) for (let n = accepted; n < rejected.ciphertexts.length; n++) open(n);
      });
    });

    it('refuses a record with any byte altered, at every length up to three blocks', () => {
      const [key, header] = [fill(32, 1), fill(24, 2)];
      const push = crypto.secretStreamPush(key, header);
      const pull = crypto.secretStreamPull(key, header);
      for (let length = 0; length <= 48; length++) {
        const record = sealed(push, fill(length, length), length % 4);
        for (let i = 0; i < record.length; i++) {
          record[i] ^= 1 << ((i + length) % 8);
          if (pull.open(record) !== null) fail(`byte ${i} of ${record.length}`);
          record[i] ^= 1 << ((i + length) % 8);
        }
        expect(opened(pull, record)).toBe(hex(fill(length, length)));
        expect(pull.tag).toBe(length % 4);
      }
    });

    it('refuses what is too short for a record', () => {
      const pull = genuine();
      for (let length = 0; length < RECORD_OVERHEAD; length++) {
        expect(pull.open(unhex(rejected.ciphertexts[0]).subarray(0, length))).toBeNull();
      }
      expect(opened(pull, unhex(rejected.ciphertexts[0]))).toBe(rejected.plaintexts[0]);
    });

    it('opens a record inside of a larger buffer without writing to it', () => {
      const pull = genuine();
      const wire = concat(...rejected.ciphertexts.map(text => unhex('aa' + text)));
      const before = hex(wire);
      let at = 0;
      rejected.ciphertexts.forEach((text, n) => {
        const record = wire.subarray(at + 1, at + 1 + text.length / 2);
        const plaintext = pull.open(record);
        expect(hex(plaintext ?? fill(1, 0))).toBe(rejected.plaintexts[n]);
        expect(plaintext?.buffer).not.toBe(wire.buffer);
        at += record.length + 1;
      });
      expect(hex(wire)).toBe(before);
    });

    it('opens a record in place if it may, and then writes nowhere else, and not before it authenticates', () => {
      for (const length of [0, 1, 100, 2048, 5000, 70_000]) {
        const push = crypto.secretStreamPush(fill(32, 1), fill(24, 2));
        const pull = crypto.secretStreamPull(fill(32, 1), fill(24, 2));
        const record = sealed(push, fill(length, 7));
        const wire = concat(fill(9, 0x55), record, fill(9, 0x55));
        const inside = wire.subarray(9, wire.length - 9);
        inside[length] ^= 1;
        const before = hex(wire);
        expect(pull.open(inside, true)).toBeNull();
        expect(hex(wire)).toBe(before);
        inside[length] ^= 1;
        const plaintext = pull.open(inside, true) ?? fill(1, 0);
        expect(hex(plaintext)).toBe(hex(fill(length, 7)));
        expect(hex(wire.subarray(0, 9)) + hex(wire.subarray(-9))).toBe('55'.repeat(18));
        expect(hex(pull.open(sealed(push, fill(30, 8)), true) ?? fill(1, 0))).toBe(hex(fill(30, 8)));
      }
    });

    it('gives plaintexts that share no byte with each other, whatever they share otherwise', () => {
      const [key, header] = [fill(32, 1), fill(24, 2)];
      const push = crypto.secretStreamPush(key, header);
      const pull = crypto.secretStreamPull(key, header);
      const lengths = [
        0, 1, 64, 65, 100, 2048, 2049, 300, 5000, 65, 1000, 900, 800, 700, 2000, 2000, 2000, 100,
      ];
      const plaintexts = lengths.map((length, n) => {
        const plaintext = pull.open(sealed(push, fill(length, n))) ?? fill(0, 0);
        expect(pull.open(fill(length + RECORD_OVERHEAD, 0))).toBeNull();
        return plaintext;
      });
      plaintexts.forEach((plaintext, n) => {
        expect(hex(plaintext)).toBe(hex(fill(lengths[n], n)));
        crypto.wipe(plaintext);
      });
      expect(plaintexts.every(plaintext => plaintext.every(byte => byte === 0))).toBe(true);
    });

    it('seals in place and touches nothing outside of the record', () => {
      const push = crypto.secretStreamPush(unhex(rejected.key), unhex(rejected.header));
      rejected.plaintexts.forEach((plaintext, n) => {
        const length = plaintext.length / 2;
        const whole = fill(length + 60, 0x55);
        const buffer = whole.subarray(8);
        buffer.set(unhex(plaintext), 12);
        push.seal(buffer, 11, 11 + length + RECORD_OVERHEAD);
        expect(hex(whole)).toBe(hex(concat(fill(19, 0x55), unhex(rejected.ciphertexts[n]), fill(24, 0x55))));
      });
    });

    it('keeps two streams of one key apart', () => {
      const [key, header] = [fill(32, 1), fill(24, 2)];
      const [a, b] = [crypto.secretStreamPush(key, header), crypto.secretStreamPush(key, header)];
      const first = hex(sealed(a, fill(20, 3)));
      expect(hex(sealed(a, fill(20, 3)))).not.toBe(first);
      expect(hex(sealed(b, fill(20, 3)))).toBe(first);
    });

    it('keeps neither key nor header: the caller may wipe them', () => {
      const [key, header] = [unhex(rejected.key), unhex(rejected.header)];
      const pull = crypto.secretStreamPull(key, header);
      const push = crypto.secretStreamPush(key, header);
      expect(hex(key) + hex(header)).toBe(rejected.key + rejected.header);
      crypto.wipe(key);
      crypto.wipe(header);
      expect(hex(sealed(push, unhex(rejected.plaintexts[0])))).toBe(rejected.ciphertexts[0]);
      expect(opened(pull, unhex(rejected.ciphertexts[0]))).toBe(rejected.plaintexts[0]);
    });

    it('opens nothing once it was wiped, not with the old key and not with zeros for a key', () => {
      const pull = genuine();
      expect(opened(pull, unhex(rejected.ciphertexts[0]))).toBe(rejected.plaintexts[0]);
      pull.wipe();
      expect(pull.open(unhex(rejected.ciphertexts[1]))).toBeNull();
      for (const counter of [0, 1]) {
        const zeros = { k: '00'.repeat(32), counter, inonce: '00'.repeat(8) };
        expect(pull.open(unhex(zerosIn(zeros, 16)))).toBeNull();
      }
    });

    it('throws for keys and headers of another length, and for what is not bytes', () => {
      const words = 'text' as unknown as Uint8Array;
      for (const start of ['secretStreamPush', 'secretStreamPull'] as const) {
        for (const length of [0, 31, 33]) {
          expect(() => crypto[start](fill(length, 1), fill(24, 1))).toThrowError(RangeError);
        }
        for (const length of [0, 23, 25]) {
          expect(() => crypto[start](fill(32, 1), fill(length, 1))).toThrowError(RangeError);
        }
        expect(() => crypto[start](words, fill(24, 1))).toThrowError(TypeError);
        expect(() => crypto[start](fill(32, 1), words)).toThrowError(TypeError);
      }
    });

    it('throws for a place that holds no record, or a tag that is no byte, and goes on', () => {
      const push = crypto.secretStreamPush(unhex(rejected.key), unhex(rejected.header));
      const buffer = fill(40, 0);
      const places: [number, number][] = [
        [-1, 20],
        [0, 16],
        [24, 41],
        [24, 40],
        [0.5, 30],
        [0, 30.5],
        [30, 10],
        [NaN, 30],
      ];
      for (const [start, end] of places) {
        expect(() => push.seal(buffer, start, end)).toThrowError(RangeError);
      }
      for (const tag of [-1, 256, 0.5, NaN]) {
        expect(() => push.seal(buffer, 0, 40, tag)).toThrowError(RangeError);
      }
      expect(hex(buffer)).toBe(hex(fill(40, 0)));
      expect(hex(sealed(push, unhex(rejected.plaintexts[0])))).toBe(rejected.ciphertexts[0]);
    });
  });
}
