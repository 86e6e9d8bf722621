import { hchacha } from '@stablelib/xchacha20';
import { scalarMultiply } from '../../lib/crypto/portable/ed25519Dh.js';
import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import {
  PortableSecretStreamPull,
  PortableSecretStreamPush,
} from '../../lib/crypto/portable/secretStream.js';
import { ascii, concat, fill, hex, unhex } from '../helpers/bytes.js';
import vectors from '../vectors/ed25519-dh.json' with { type: 'json' };
import { backendSuite } from './backendSuite.js';

const { scalars } = vectors as {
  scalars: { what: string; publicKey: string; scalar: string; shared?: string }[];
};

describe('portable crypto', () => {
  backendSuite(portableCrypto, {
    push: (key, header, counter) => new PortableSecretStreamPush(key, header, counter),
    pull: (key, header, counter) => new PortableSecretStreamPull(key, header, counter),
  });

  for (const { what, publicKey, scalar, shared } of scalars) {
    it(`multiplies a point as libsodium's scalarmult_ed25519_noclamp does: ${what}`, () => {
      const product = scalarMultiply(unhex(scalar), unhex(publicKey));
      expect(product === null ? undefined : hex(product)).toBe(shared);
      expect(() => scalarMultiply(fill(31, 1), unhex(publicKey))).toThrowError(RangeError);
      expect(() => scalarMultiply(unhex(scalar), fill(33, 1))).toThrowError(RangeError);
    });
  }

  it('composes to the AEAD printed in draft-irtf-cfrg-xchacha appendix A.3.1', () => {
    const key = unhex('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f');
    const nonce = unhex('404142434445464748494a4b4c4d4e4f5051525354555657');
    const subkey = hchacha(key, nonce.subarray(0, 16), fill(32, 0));
    const plaintext = ascii(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
    );
    const sealed = unhex(`
      bd6d179d3e83d43b9576579493c0e939 572a1700252bfaccbed2902c21396cbb 731c7f1b0b4aa6440bf3a82f4eda7e39
      ae64c6708c54c216cb96b72e1213b452 2f8c9ba40db5d945b11b69b982c1bb9e 3f3fac2bc369488f76b2383565d3fff9
      21f9664c97637da9768812f615c68b13 b52e c0875924c1c7987947deafd8780acf49`);
    const rest = concat(fill(4, 0), nonce.subarray(16));
    expect(hex(portableCrypto.seal(subkey, rest, plaintext, unhex('50515253c0c1c2c3c4c5c6c7')))).toBe(
      hex(sealed),
    );
  });

  it('seals nothing with a wiped stream', () => {
    const push = portableCrypto.secretStreamPush(fill(32, 1), fill(24, 2));
    push.wipe();
    expect(() => push.seal(fill(17, 0), 0, 17)).toThrowError(TypeError);
    expect(() => push.rekey()).toThrowError(TypeError);
    const pull = portableCrypto.secretStreamPull(fill(32, 1), fill(24, 2));
    pull.wipe();
    expect(() => pull.rekey()).toThrowError(TypeError);
  });

  it('starts a stream at no counter that is none', () => {
    for (const counter of [-1, 2 ** 32, 0.5, NaN]) {
      expect(() => new PortableSecretStreamPush(fill(32, 1), fill(24, 1), counter)).toThrowError(RangeError);
      expect(() => new PortableSecretStreamPull(fill(32, 1), fill(24, 1), counter)).toThrowError(RangeError);
    }
  });
});
