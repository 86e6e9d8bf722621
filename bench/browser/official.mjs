// The official stack in a page. It does not complete a handshake there as it comes: sodium-javascript has no
// `crypto_scalarmult_ed25519_noclamp`. Here ours is put in its place, so that there is something to compare with.
import SecretStream from '@hyperswarm/secret-stream';
import hypercoreCrypto from 'hypercore-crypto';
import Protomux from 'protomux';
import caps from 'hypercore-11/lib/caps.js';
import { wire } from 'hypercore-11/lib/messages.js';
import { officialSide } from '../sides/officialSide.mjs';

export default officialSide({
  SecretStream,
  Protomux,
  wire,
  capability: caps.replicate,
  discoveryKey: hypercoreCrypto.discoveryKey,
});
