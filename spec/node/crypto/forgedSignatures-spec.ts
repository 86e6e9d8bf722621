import { forgedSignatures } from '../../crypto/forgedSignatures.js';
import { sodium } from './sodium.js';

describe('libsodium', () => {
  it('refuses the forged signatures that backends are shown', () => {
    for (const { what, message, signature, publicKey } of forgedSignatures()) {
      expect(sodium.crypto_sign_verify_detached(signature, message, publicKey))
        .withContext(what)
        .toBe(false);
    }
  });
});
