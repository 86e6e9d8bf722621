import { Buffer } from 'node:buffer';
import { createRequire } from 'node:module';
import { portableCrypto } from '../../../lib/crypto/portable/portable.js';
import { HandshakeFailedError } from '../../../lib/errors.js';
import { HandshakeState, type NoisePattern } from '../../../lib/noise/HandshakeState.js';
import { hex } from '../../helpers/bytes.js';
import { Random } from '../../helpers/random.js';

/** What this spec uses of the package `noise-handshake`, on which the streams of hypercore stand. */
interface PackageHandshake {
  initialise(prologue: Buffer, remoteStatic?: Buffer): void;
  send(payload?: Buffer): Buffer;
  recv(message: Buffer): Buffer;
  readonly complete: boolean;
  readonly tx: Buffer;
  readonly rx: Buffer;
  readonly hash: Buffer;
  readonly rs: Buffer;
}
interface PackageKeyPair {
  publicKey: Buffer;
  secretKey: Buffer;
}

// Both come with @hyperswarm/secret-stream.
const streamRequire = createRequire(createRequire(import.meta.url).resolve('@hyperswarm/secret-stream'));
const Noise = streamRequire('noise-handshake') as new (
  pattern: string,
  initiator: boolean,
  keyPair: PackageKeyPair,
  options: { curve: unknown },
) => PackageHandshake;
const curve = streamRequire('noise-curve-ed') as { generateKeyPair(seed?: Buffer): PackageKeyPair };

describe('HandshakeState, against the package noise-handshake', () => {
  const rounds = 8;

  for (const pattern of ['XX', 'IK'] as const) {
    for (const initiator of [true, false]) {
      it(`completes ${pattern} as ${initiator ? 'initiator' : 'responder'}, with random keys, prologues and payloads`, () => {
        const random = new Random(`live ${pattern}`);
        for (let round = 0; round < rounds; round++) {
          const prologue = random.bytes(round === 0 ? 0 : random.integer(0, 200));
          const { ours, theirs, ourKeys, theirKeys } = sides(random, pattern, initiator, prologue);
          while (!ours.complete || !theirs.complete) {
            const payload = random.bytes(round === 0 ? 0 : random.integer(0, 300));
            if (ours.sends) {
              // The package overwrites part of the message that it is given, so it gets one of its own.
              expect(hex(theirs.recv(Buffer.from(ours.write(payload))))).toBe(hex(payload));
            } else {
              const message = theirs.send(Buffer.from(payload));
              const before = hex(message);
              const received = ours.read(message);
              expect(received.constructor).toBe(Uint8Array);
              expect(hex(received)).toBe(hex(payload));
              expect(hex(message)).toBe(before);
              message.fill(0);
            }
          }
          const result = ours.result();
          expect(hex(result.tx)).toBe(hex(theirs.rx));
          expect(hex(result.rx)).toBe(hex(theirs.tx));
          expect(hex(result.handshakeHash)).toBe(hex(theirs.hash));
          expect(hex(result.remotePublicKey)).toBe(hex(theirKeys.publicKey));
          expect(hex(theirs.rs)).toBe(hex(ourKeys.publicKey));
          for (const bytes of Object.values(result) as Uint8Array[])
            expect(bytes.constructor).toBe(Uint8Array);
        }
      });
    }
  }

  it('fails where the package is set to the other pattern', () => {
    const random = new Random('other pattern');
    for (const [ourPattern, theirPattern] of [
      ['XX', 'IK'],
      ['IK', 'XX'],
    ] as const) {
      const { ours } = sides(random, ourPattern, false, new Uint8Array(0));
      const keys = curve.generateKeyPair();
      const theirs = new Noise(theirPattern, true, keys, { curve });
      theirs.initialise(Buffer.alloc(0), keys.publicKey);
      if (ourPattern === 'IK') {
        expect(() => ours.read(theirs.send())).toThrowError(HandshakeFailedError, /message 1 of XX/);
      } else {
        ours.read(theirs.send());
        expect(() => theirs.recv(Buffer.from(ours.write()))).toThrow();
      }
    }
  });
});

/** Our side, given Buffers wherever bytes are given, and the package's. */
function sides(
  random: Random,
  pattern: NoisePattern,
  initiator: boolean,
  prologue: Uint8Array,
): { ours: HandshakeState; theirs: PackageHandshake; ourKeys: PackageKeyPair; theirKeys: PackageKeyPair } {
  const ourKeys = curve.generateKeyPair(Buffer.from(random.bytes(32)));
  const theirKeys = curve.generateKeyPair(Buffer.from(random.bytes(32)));
  const ours = new HandshakeState({
    crypto: portableCrypto,
    pattern,
    initiator,
    keyPair: ourKeys,
    prologue: Buffer.from(prologue),
    ...(pattern === 'IK' && initiator ? { remotePublicKey: theirKeys.publicKey } : {}),
  });
  const theirs = new Noise(pattern, !initiator, theirKeys, { curve });
  theirs.initialise(Buffer.from(prologue), pattern === 'IK' && !initiator ? ourKeys.publicKey : undefined);
  return { ours, theirs, ourKeys, theirKeys };
}
