// What libsodium's curve alone allows: the six point multiplications and four key pairs of a handshake (Noise XX, both
// ends, each with a fresh key pair), and nothing around them.

export default {
  title: 'curve operations of a handshake alone, both ends',
  unit: 'pairs/s',
  kind: 'crypto',
  sides: ['portable', 'wasm', 'native'],
  parameters: { count: 200 },
  scale: { portable: 0.05 },
  run(side, { count }) {
    const crypto = side.backend();
    const [here, there] = [1, 2].map(byte => crypto.keyPair(new Uint8Array(32).fill(byte)));
    const started = performance.now();
    for (let i = 0; i < count; i++) {
      for (let n = 0; n < 4; n++) crypto.keyPair(crypto.randomBytes(32));
      for (let n = 0; n < 3; n++) {
        crypto.dh(here.secretKey, there.publicKey);
        crypto.dh(there.secretKey, here.publicKey);
      }
    }
    return { seconds: (performance.now() - started) / 1000, units: count };
  },
};
