import { portableCrypto as crypto } from '../../lib/crypto/portable/portable.js';
import { encode } from '../../lib/encoding/encode.js';
import { multiSignatureCodec } from '../../lib/proof/multisignature.js';
import { compatSignable, legacySignable, signable } from '../../lib/proof/signable.js';
import { hex, unhex } from '../helpers/bytes.js';
import vectors from '../vectors/keys.json' with { type: 'json' };

interface SignableVectors {
  signables: {
    length: number;
    fork: number;
    treeHash: string;
    manifestHash: string;
    seed: string;
    publicKey: string;
    signable: string;
    signature: string;
    signableCompat: string;
    signatureCompat: string;
    signableLegacy: string;
    signatureLegacy: string;
    multisig: string;
  }[];
}

const { signables } = vectors as SignableVectors;

describe('what is signed', () => {
  for (const vector of signables) {
    it(`is what hypercore signs: length ${vector.length}, fork ${vector.fork}`, () => {
      const facts = { hash: unhex(vector.treeHash), length: vector.length, fork: vector.fork };
      const { publicKey, secretKey } = crypto.keyPair(unhex(vector.seed));
      expect(hex(publicKey)).toBe(vector.publicKey);
      const forms: [Uint8Array, string, string][] = [
        [signable(unhex(vector.manifestHash), facts), vector.signable, vector.signature],
        [compatSignable(facts), vector.signableCompat, vector.signatureCompat],
        [legacySignable(facts), vector.signableLegacy, vector.signatureLegacy],
      ];
      for (const [message, expected, signature] of forms) {
        expect(hex(message)).toBe(expected);
        expect(hex(crypto.sign(message, secretKey))).toBe(signature);
        expect(crypto.verify(message, unhex(signature), publicKey)).toBeTrue();
      }
      const signatures = [{ signer: 0, signature: unhex(vector.signature), patch: 0 }];
      expect(hex(encode(multiSignatureCodec, { signatures, patchNodes: [] }))).toBe(vector.multisig);
    });
  }
});
