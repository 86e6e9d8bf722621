import type { CryptoBackend } from '../../../lib/crypto/CryptoBackend.js';
import { hex } from '../../helpers/bytes.js';
import type { Random } from '../../helpers/random.js';
import { sodium } from './sodium.js';

/** One comparison of a backend with libsodium on random input; throws with the input if they differ. */
export type DifferentialCase = (crypto: CryptoBackend, random: Random) => void;

const lengths = (random: Random): number => random.integer(0, random.next() < 0.02 ? 5000 : 300);

const flipBit = (random: Random, bytes: Uint8Array): Uint8Array => {
  const altered = new Uint8Array(bytes);
  altered[random.integer(0, bytes.length - 1)] ^= 1 << random.integer(0, 7);
  return altered;
};

/** What a function returns, or null if libsodium throws to say no. */
function orNull<T>(attempt: () => T): T | null {
  try {
    return attempt();
  } catch {
    return null;
  }
}

function same(
  what: string,
  ours: Uint8Array | boolean | null,
  theirs: Uint8Array | boolean | null,
  input: Record<string, unknown>,
): void {
  const text = (value: unknown): string => (value instanceof Uint8Array ? hex(value) : JSON.stringify(value));
  if (text(ours) === text(theirs)) return;
  const given = Object.entries(input).map(([name, value]) => `${name}=${text(value)}`);
  throw new Error(`${what}: ours ${text(ours)}, libsodium's ${text(theirs)}, for ${given.join(' ')}`);
}

const hash: DifferentialCase = (crypto, random) => {
  const parts = Array.from({ length: random.integer(0, 4) }, () => random.bytes(lengths(random)));
  const key = random.next() < 0.5 ? undefined : random.bytes(random.integer(16, 64));
  const theirs = new Uint8Array(random.integer(16, 64));
  if (parts.length === 1) sodium.crypto_generichash(theirs, parts[0], key);
  else sodium.crypto_generichash_batch(theirs, parts, key);
  same('hash', crypto.hash(theirs.length, parts, key), theirs, { key, ...parts });
};

const signature: DifferentialCase = (crypto, random) => {
  const seed = random.bytes(32);
  const [publicKey, secretKey] = [new Uint8Array(32), new Uint8Array(64)];
  sodium.crypto_sign_seed_keypair(publicKey, secretKey, seed);
  if (random.next() < 0.1) {
    const pair = crypto.keyPair(seed);
    same('publicKey', pair.publicKey, publicKey, { seed });
    same('secretKey', pair.secretKey, secretKey, { seed });
  }

  // Ed25519 signatures are determined, so the same bytes say that each side accepts what the other signs.
  const message = random.bytes(lengths(random));
  const theirs = new Uint8Array(64);
  sodium.crypto_sign_detached(theirs, message, secretKey);
  same('sign', crypto.sign(message, secretKey), theirs, { seed, message });

  const of: Record<'message' | 'signature' | 'publicKey', Uint8Array> = {
    message,
    signature: theirs,
    publicKey,
  };
  const altered = random.pick(['nothing', 'nothing', 'message', 'signature', 'publicKey'] as const);
  if (altered !== 'nothing' && of[altered].length > 0) of[altered] = flipBit(random, of[altered]);
  const verdict = sodium.crypto_sign_verify_detached(of.signature, of.message, of.publicKey);
  same('verify', crypto.verify(of.message, of.signature, of.publicKey), verdict, { altered, ...of });
};

/** Points of small order and some that are not canonical, each to be refused. */
const badPoints = [
  '00'.repeat(32),
  '01'.padEnd(64, '0'),
  'ec' + 'ff'.repeat(30) + '7f',
  'ed' + 'ff'.repeat(30) + '7f',
  'ee' + 'ff'.repeat(30) + '7f',
  'f0' + 'ff'.repeat(30) + '7f',
  'ff'.repeat(32),
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
];

const dh: DifferentialCase = (crypto, random) => {
  const [publicKey, secretKey] = [new Uint8Array(32), new Uint8Array(64)];
  sodium.crypto_sign_seed_keypair(new Uint8Array(32), secretKey, random.bytes(32));
  sodium.crypto_sign_seed_keypair(publicKey, new Uint8Array(64), random.bytes(32));
  // Half of all random bytes are no point of the curve; of those that are, one in eight has prime order.
  const kind = random.next();
  let remote: Uint8Array = publicKey;
  if (kind < 0.25) remote = random.bytes(32);
  else if (kind < 0.3) remote = flipBit(random, publicKey);
  else if (kind < 0.35) {
    remote = Uint8Array.from(Buffer.from(random.pick(badPoints), 'hex'));
    if (random.next() < 0.5) remote[31] ^= 0x80;
  }

  const scalar = new Uint8Array(64);
  sodium.crypto_hash_sha512(scalar, secretKey.subarray(0, 32));
  scalar[0] &= 0xf8;
  scalar[31] = (scalar[31] & 0x7f) | 0x40;
  const theirs = orNull(() => {
    const product = new Uint8Array(32);
    sodium.crypto_scalarmult_ed25519_noclamp(product, scalar.subarray(0, 32), remote);
    return product;
  });
  same('dh', crypto.dh(secretKey, remote), theirs, { secretKey, remote });
};

const aead: DifferentialCase = (crypto, random) => {
  const [key, nonce] = [random.bytes(32), random.bytes(12)];
  const [plaintext, associated] = [random.bytes(lengths(random)), random.bytes(random.integer(0, 80))];
  const theirs = new Uint8Array(plaintext.length + 16);
  sodium.crypto_aead_chacha20poly1305_ietf_encrypt(theirs, plaintext, associated, null, nonce, key);
  const input = { key, nonce, plaintext, associated };
  same('seal', crypto.seal(key, nonce, plaintext, associated), theirs, input);
  same('open', crypto.open(key, nonce, theirs, associated), plaintext, input);

  const of: Record<'key' | 'nonce' | 'sealed' | 'associated', Uint8Array> = {
    key,
    nonce,
    sealed: theirs,
    associated,
  };
  const altered = random.pick(['key', 'nonce', 'sealed', 'sealed', 'associated'] as const);
  if (of[altered].length > 0) of[altered] = flipBit(random, of[altered]);
  const opened = orNull(() => {
    const out = new Uint8Array(plaintext.length);
    sodium.crypto_aead_chacha20poly1305_ietf_decrypt(out, null, of.sealed, of.associated, of.nonce, of.key);
    return out;
  });
  same('open altered', crypto.open(of.key, of.nonce, of.sealed, of.associated), opened, { altered, ...of });
};

const secretStream: DifferentialCase = (crypto, random) => {
  const key = random.bytes(32);
  const header = new Uint8Array(24);
  const theirPush = Buffer.alloc(sodium.crypto_secretstream_xchacha20poly1305_STATEBYTES);
  const theirPull = Buffer.alloc(sodium.crypto_secretstream_xchacha20poly1305_STATEBYTES);
  sodium.crypto_secretstream_xchacha20poly1305_init_push(theirPush, header, key);
  sodium.crypto_secretstream_xchacha20poly1305_init_pull(theirPull, header, key);
  const push = crypto.secretStreamPush(key, header);
  const pull = crypto.secretStreamPull(key, header);

  const records = random.integer(1, 8);
  for (let n = 0; n < records; n++) {
    if (random.next() < 0.05) {
      push.rekey();
      pull.rekey();
      sodium.crypto_secretstream_xchacha20poly1305_rekey(theirPush);
      sodium.crypto_secretstream_xchacha20poly1305_rekey(theirPull);
    }
    const plaintext = random.bytes(lengths(random));
    const tag = random.next() < 0.5 ? 0 : random.integer(0, 3);
    const input = { key, header, n, tag, plaintext };
    const theirs = new Uint8Array(plaintext.length + 17);
    sodium.crypto_secretstream_xchacha20poly1305_push(theirPush, theirs, plaintext, null, tag);
    const ours = new Uint8Array(theirs.length);
    ours.set(plaintext, 1);
    push.seal(ours, 0, ours.length, tag);
    same('push', ours, theirs, input);

    const pulled = (record: Uint8Array): Uint8Array | null =>
      orNull(() => {
        const out = new Uint8Array(record.length - 17);
        const tagOut = new Uint8Array(1);
        sodium.crypto_secretstream_xchacha20poly1305_pull(theirPull, out, tagOut, record, null);
        return Uint8Array.of(...tagOut, ...out);
      });
    const opened = (record: Uint8Array): Uint8Array | null => {
      const out = pull.open(record);
      return out === null ? null : Uint8Array.of(pull.tag, ...out);
    };
    if (random.next() < 0.2) {
      const altered = flipBit(random, theirs);
      same('pull altered', opened(altered), pulled(altered), input);
    }
    const expected = Uint8Array.of(tag, ...plaintext);
    same('their pull', expected, pulled(ours), input);
    same('our pull', opened(theirs), expected, input);
  }
};

/** The primitives that are compared, by name. */
export const differentialCases = { hash, signature, dh, aead, secretStream };

/** Name of one of them. */
export type DifferentialKind = keyof typeof differentialCases;
