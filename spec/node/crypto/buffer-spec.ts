import { portableCrypto as crypto } from '../../../lib/crypto/portable/portable.js';
import { discoveryKey } from '../../../lib/keys/discoveryKey.js';
import { generateKeyPair } from '../../../lib/keys/keyPair.js';
import { hex } from '../../helpers/bytes.js';

describe('portable crypto given Buffers', () => {
  const buffer = (length: number, byte: number): Buffer => Buffer.alloc(length, byte);
  const plain = (bytes: Uint8Array | null): void => {
    expect(bytes === null ? null : Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
  };

  it('takes them everywhere and hands none out', () => {
    const { publicKey, secretKey } = crypto.keyPair(buffer(32, 1));
    const sealed = crypto.seal(buffer(32, 1), buffer(12, 2), buffer(50, 3), buffer(4, 4));
    const signature = crypto.sign(buffer(20, 3), Buffer.from(secretKey));
    expect(crypto.verify(buffer(20, 3), Buffer.from(signature), Buffer.from(publicKey))).toBe(true);
    [
      publicKey,
      secretKey,
      sealed,
      signature,
      crypto.open(buffer(32, 1), buffer(12, 2), Buffer.from(sealed), buffer(4, 4)),
      crypto.hash(32, [buffer(9, 1)], buffer(32, 2)),
      crypto.dh(Buffer.from(secretKey), Buffer.from(publicKey)),
      crypto.randomBytes(9),
      generateKeyPair(crypto).publicKey,
      discoveryKey(crypto, buffer(32, 1)),
    ].forEach(plain);
    expect(crypto.equal(buffer(8, 1), new Uint8Array(8).fill(1))).toBe(true);
  });

  it('seals in a Buffer, and opens one to plain bytes', () => {
    const push = crypto.secretStreamPush(buffer(32, 1), buffer(24, 2));
    const pull = crypto.secretStreamPull(buffer(32, 1), buffer(24, 2));
    for (let n = 0; n < 3; n++) {
      const record = buffer(57, 7);
      push.seal(record, 0, record.length);
      const opened = pull.open(record);
      plain(opened);
      expect(opened?.length).toBe(40);
    }
  });

  it('keeps nothing of the Buffers that it was given', () => {
    // The slice of a Buffer is a view: a state that held one would change with it.
    const [key, header] = [buffer(32, 1), buffer(24, 2)];
    const push = crypto.secretStreamPush(key, header);
    const other = crypto.secretStreamPush(new Uint8Array(key), new Uint8Array(header));
    key.fill(0);
    header.fill(0);
    const [a, b] = [new Uint8Array(30), new Uint8Array(30)];
    push.seal(a, 0, 30);
    other.seal(b, 0, 30);
    expect(hex(a)).toBe(hex(b));
  });
});
