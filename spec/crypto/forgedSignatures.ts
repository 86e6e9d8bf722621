import nacl from 'tweetnacl';
import { ascii, concat, fill, unhex } from '../helpers/bytes.js';

/** A signature for which S·B = R + h·A holds, but which libsodium refuses. */
export interface ForgedSignature {
  readonly what: string;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly publicKey: Uint8Array;
}

const groupOrder = 2n ** 252n + 27742317777372353535851937790883648493n;

/** Encodings of the points of small order with their orders; the last four are not canonical. */
const smallOrder: readonly (readonly [order: bigint, encoded: string])[] = [
  [1n, '01' + '00'.repeat(31)],
  [1n, '01' + '00'.repeat(30) + '80'],
  [2n, 'ec' + 'ff'.repeat(30) + '7f'],
  [2n, 'ec' + 'ff'.repeat(31)],
  [4n, '00'.repeat(32)],
  [4n, '00'.repeat(31) + '80'],
  [8n, '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'],
  [8n, '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85'],
  [8n, 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'],
  [8n, 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa'],
  [1n, 'ee' + 'ff'.repeat(30) + '7f'],
  [1n, 'ee' + 'ff'.repeat(31)],
  [4n, 'ed' + 'ff'.repeat(30) + '7f'],
  [4n, 'ed' + 'ff'.repeat(31)],
];

function fromLittleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function toLittleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}

/** The hash h of RFC 8032 §5.1.7, reduced. */
function challenge(r: Uint8Array, publicKey: Uint8Array, message: Uint8Array): bigint {
  return fromLittleEndian(nacl.hash(concat(r, publicKey, message))) % groupOrder;
}

/** Signatures that prove nothing, although their equation holds: nobody signed the message. */
export function forgedSignatures(): ForgedSignature[] {
  const { publicKey } = nacl.sign.keyPair.fromSeed(fill(32, 9));
  const expanded = nacl.hash(fill(32, 9)).subarray(0, 32);
  expanded[0] &= 0xf8;
  expanded[31] = (expanded[31] & 0x7f) | 0x40;
  const secret = fromLittleEndian(expanded);

  // A key of small order vanishes when its order divides h. Then S·B = R is all there is to show.
  const weakKeys = smallOrder.map(([order, encoded]) => {
    const weakKey = unhex(encoded);
    for (let n = 0; ; n++) {
      const message = ascii(`message ${n}`);
      if (challenge(publicKey, weakKey, message) % order !== 0n) continue;
      const signature = concat(publicKey, toLittleEndian(secret % groupOrder));
      return { what: `key of order ${order}: ${encoded}`, message, signature, publicKey: weakKey };
    }
  });

  // Whoever has the secret key can leave out the nonce. Such a signature gives the key away.
  const neutral = unhex(smallOrder[0][1]);
  const message = ascii('no nonce');
  const s = (challenge(neutral, publicKey, message) * secret) % groupOrder;
  return [
    ...weakKeys,
    { what: 'R neutral', message, signature: concat(neutral, toLittleEndian(s)), publicKey },
  ];
}
