import type { Message, MessageType } from '../../lib/messages/Message.js';
import type { Manifest, ManifestSigner } from '../../lib/messages/manifest.js';
import type { TreeNode } from '../../lib/messages/proof.js';
import type { Random } from '../helpers/random.js';

const number = (random: Random): number => Math.floor(random.next() * 2 ** random.integer(0, 53));
const flag = (random: Random): boolean => random.next() < 0.5;
const bytes = (random: Random): Uint8Array => random.bytes(random.integer(0, 40));
const maybe = <T>(random: Random, draw: (random: Random) => T): T | null =>
  flag(random) ? draw(random) : null;
const some = <T>(random: Random, draw: (random: Random) => T): T[] =>
  Array.from({ length: random.integer(0, 3) }, () => draw(random));

const node = (random: Random): TreeNode => ({
  index: number(random),
  size: number(random),
  hash: random.bytes(32),
});

const signer = (random: Random): ManifestSigner => ({
  signature: 'ed25519',
  namespace: random.bytes(32),
  publicKey: random.bytes(32),
});

/** A manifest that is read back as it is written. */
export function drawManifest(random: Random, newestVersion = 3): Manifest {
  const version = random.integer(0, newestVersion);
  const signers = some(random, signer);
  const isStatic = version === 0 && signers.length === 0 && flag(random);
  return {
    version,
    hash: 'blake2b',
    allowPatch: !isStatic && flag(random),
    quorum: isStatic ? 0 : random.integer(0, 3),
    signers,
    prologue: isStatic
      ? { hash: random.bytes(32), length: 0 }
      : version === 0
        ? null
        : maybe(random, () => ({ hash: random.bytes(32), length: number(random) })),
    linked: version < 2 ? null : maybe(random, () => some(random, () => random.bytes(32))),
    userData: version < 2 ? null : maybe(random, bytes),
  };
}

const window = (random: Random) => ({ start: number(random), length: number(random), any: flag(random) });

/** A message of each type, with any of its parts. */
export const draws: Record<MessageType, (random: Random) => Message> = {
  synchronize: random => ({
    type: 'synchronize',
    fork: number(random),
    length: number(random),
    remoteLength: number(random),
    canUpgrade: flag(random),
    uploading: flag(random),
    downloading: flag(random),
    hasManifest: flag(random),
    allowPush: flag(random),
  }),
  request: random => ({
    type: 'request',
    id: number(random),
    fork: number(random),
    block: maybe(random, () => ({ index: number(random), nodes: number(random) })),
    hash: maybe(random, () => ({ index: number(random), nodes: number(random) })),
    seek: maybe(random, () => ({ bytes: number(random), padding: number(random) })),
    upgrade: maybe(random, () => ({ start: number(random), length: number(random) })),
    manifest: flag(random),
    priority: random.integer(0, 3),
  }),
  cancel: random => ({ type: 'cancel', request: number(random) }),
  data: random => ({
    type: 'data',
    request: number(random),
    fork: number(random),
    block: maybe(random, () => ({ index: number(random), value: bytes(random), nodes: some(random, node) })),
    hash: maybe(random, () => ({ index: number(random), nodes: some(random, node) })),
    seek: maybe(random, () => ({ bytes: number(random), nodes: some(random, node) })),
    upgrade: maybe(random, () => ({
      start: number(random),
      length: number(random),
      nodes: some(random, node),
      additionalNodes: some(random, node),
      signature: maybe(random, () => random.bytes(64)),
    })),
    manifest: maybe(random, drawManifest),
  }),
  noData: random => ({
    type: 'noData',
    request: number(random),
    reason: maybe(random, () => random.integer(0, 3)),
  }),
  want: random => ({ type: 'want', ...window(random) }),
  unwant: random => ({ type: 'unwant', ...window(random) }),
  bitfield: random => ({
    type: 'bitfield',
    start: number(random),
    bitfield: Uint32Array.from(some(random, () => Math.floor(random.next() * 2 ** 32))),
  }),
  range: random => ({
    type: 'range',
    drop: flag(random),
    start: number(random),
    length: flag(random) ? 1 : number(random),
  }),
  extension: random => ({
    type: 'extension',
    name: String.fromCharCode(...some(random, () => random.integer(0x20, 0x2ff))),
    payload: bytes(random),
  }),
};

/** Bytes that were a message before something happened to them: cut, lengthened, or a few of them changed. */
export function damage(random: Random, wire: Uint8Array): Uint8Array {
  const kind = random.integer(0, 3);
  if (kind === 0) return wire.slice(0, random.integer(0, wire.length));
  const damaged = new Uint8Array(wire.length + (kind === 1 ? random.integer(1, 4) : 0));
  damaged.set(wire);
  if (kind === 1) damaged.set(random.bytes(damaged.length - wire.length), wire.length);
  else
    for (let i = 0; i < kind && wire.length > 0; i++) {
      // Mostly near the start, where flags, counts and lengths are.
      const at = random.integer(0, random.next() < 0.7 ? Math.min(wire.length - 1, 6) : wire.length - 1);
      damaged[at] = random.next() < 0.4 ? random.pick([0xfc, 0xfd, 0xfe, 0xff]) : random.integer(0, 255);
    }
  return damaged;
}
