import type { CryptoBackend } from '../../lib/crypto/CryptoBackend.js';
import { ascii, concat, fill, hex, unhex } from '../helpers/bytes.js';

interface PrintedAead {
  section: string;
  key: string;
  nonce: string;
  associated: string;
  plaintext: Uint8Array;
  sealed: string;
}

const printed: readonly PrintedAead[] = [
  {
    section: 'RFC 8439 section 2.8.2',
    key: '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
    nonce: '070000004041424344454647',
    associated: '50515253c0c1c2c3c4c5c6c7',
    plaintext: ascii(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
    ),
    sealed: `
      d31a8d34648e60db7b86afbc53ef7ec2 a4aded51296e08fea9e2b5a736ee62d6 3dbea45e8ca9671282fafb69da92728b
      1a71de0a9e060b2905d6a5b67ecd3b36 92ddbd7f2d778b8c9803aee328091b58 fab324e4fad675945585808b4831d7bc
      3ff4def08e4b7a9de576d26586cec64b 6116 1ae10b594f09e26a7e902ecbd0600691`,
  },
  {
    section: 'RFC 8439 appendix A.5',
    key: '1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0',
    nonce: '000000000102030405060708',
    associated: 'f33388860000000000004e91',
    plaintext: ascii(
      'Internet-Drafts are draft documents valid for a maximum of six months and may be updated, replaced, or ' +
        'obsoleted by other documents at any time. It is inappropriate to use Internet-Drafts as reference ' +
        'material or to cite them other than as /\u201cwork in progress./\u201d',
    ),
    sealed: `
      64a0861575861af460f062c79be643bd 5e805cfd345cf389f108670ac76c8cb2 4c6cfc18755d43eea09ee94e382d26b0
      bdb7b73c321b0100d4f03b7f355894cf 332f830e710b97ce98c8a84abd0b9481 14ad176e008d33bd60f982b1ff37c855
      9797a06ef4f0ef61c186324e2b350638 3606907b6a7c02b0f9f6157b53c867e4 b9166c767b804d46a59b5216cde7a4e9
      9040c5a40433225ee282a1b0a06c523e af4534d7f83fa1155b0047718cbc546a 0d072b04b3564eea1b422273f548271a
      0bb2316053fa76991955ebd63159434e cebb4e466dae5a1073a6727627097a10 49e617d91d361094fa68f0ff77987130
      305beaba2eda04df997b714d6c6f2c29 a6ad5cb4022b02709b eead9d67890cbb22392336fea1851f38`,
  },
];

/** ChaCha20-Poly1305: the printed vectors, and what must not open. */
export function aeadSuite(crypto: CryptoBackend): void {
  describe('seal and open', () => {
    for (const { section, key, nonce, associated, plaintext, sealed } of printed) {
      it(`give what is printed in ${section}`, () => {
        const made = crypto.seal(unhex(key), unhex(nonce), plaintext, unhex(associated));
        expect(hex(made)).toBe(hex(unhex(sealed)));
        const opened = crypto.open(unhex(key), unhex(nonce), unhex(sealed), unhex(associated));
        expect(hex(opened ?? fill(0, 0))).toBe(hex(plaintext));
      });

      it(`refuse any other byte of ${section}`, () => {
        const parts = [unhex(key), unhex(nonce), unhex(sealed), unhex(associated)] as const;
        for (const part of parts) {
          for (let i = 0; i < part.length; i++) {
            part[i] ^= 1 << (i % 8);
            expect(crypto.open(...parts)).toBeNull();
            part[i] ^= 1 << (i % 8);
          }
        }
        expect(crypto.open(...parts)).not.toBeNull();
      });
    }

    it('work without plaintext and without associated data', () => {
      const [key, nonce, nothing] = [fill(32, 1), fill(12, 2), fill(0, 0)];
      const sealed = crypto.seal(key, nonce, nothing, nothing);
      expect(sealed.length).toBe(16);
      expect(crypto.open(key, nonce, sealed, nothing)?.length).toBe(0);
      expect(crypto.open(key, nonce, sealed, fill(1, 0))).toBeNull();
    });

    it('refuse what is too short to hold a MAC, cut off or lengthened', () => {
      const [key, nonce, nothing] = [fill(32, 1), fill(12, 2), fill(0, 0)];
      const sealed = crypto.seal(key, nonce, fill(40, 3), nothing);
      for (let length = 0; length < sealed.length; length++) {
        expect(crypto.open(key, nonce, sealed.subarray(0, length), nothing)).toBeNull();
      }
      expect(crypto.open(key, nonce, concat(sealed, fill(1, 0)), nothing)).toBeNull();
    });

    it('leave their inputs alone and give fresh arrays', () => {
      const inputs = [fill(32, 1), fill(12, 2), fill(100, 3), fill(20, 4)] as const;
      const before = inputs.map(hex);
      const sealed = crypto.seal(...inputs);
      const opened = crypto.open(inputs[0], inputs[1], sealed, inputs[3]);
      expect(inputs.map(hex)).toEqual(before);
      expect(opened?.buffer).not.toBe(sealed.buffer);
      expect(opened?.buffer.byteLength).toBe(100);
      expect(sealed.buffer.byteLength).toBe(116);
    });

    it('refuse keys and nonces of another length, and what is not bytes', () => {
      const [key, nonce, text] = [fill(32, 1), fill(12, 2), fill(40, 3)];
      const wrongKeys = [0, 16, 31, 33].map(length => fill(length, 1));
      const wrongNonces = [0, 8, 11, 13, 16, 24].map(length => fill(length, 1));
      for (const use of ['seal', 'open'] as const) {
        for (const wrong of wrongKeys)
          expect(() => crypto[use](wrong, nonce, text, text)).toThrowError(RangeError);
        for (const wrong of wrongNonces)
          expect(() => crypto[use](key, wrong, text, text)).toThrowError(RangeError);
        const words = 'text' as unknown as Uint8Array;
        expect(() => crypto[use](words, nonce, text, text)).toThrowError(TypeError);
        expect(() => crypto[use](key, words, text, text)).toThrowError(TypeError);
        expect(() => crypto[use](key, nonce, words, text)).toThrowError(TypeError);
        expect(() => crypto[use](key, nonce, text, words)).toThrowError(TypeError);
      }
    });
  });
}
