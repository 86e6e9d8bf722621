// What `sodium-universal` is in a page, with the one function that is missing there. CommonJS, because it is required.
/* eslint-disable @typescript-eslint/no-require-imports */
const sodium = require('sodium-javascript');
const { scalarMultiply } = require('../../lib/crypto/portable/ed25519Dh.ts');

sodium.crypto_scalarmult_ed25519_BYTES ??= 32;
sodium.crypto_scalarmult_ed25519_SCALARBYTES ??= 32;
sodium.crypto_scalarmult_ed25519_noclamp ??= (product, scalar, point) => {
  const result = scalarMultiply(scalar, point);
  if (result === null) throw new Error('an unsafe point');
  product.set(result);
};

module.exports = sodium;
