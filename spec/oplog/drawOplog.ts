import type { OplogEntry } from '../../lib/oplog/OplogEntry.js';
import type { OplogHeader } from '../../lib/oplog/OplogHeader.js';
import type { Random } from '../helpers/random.js';

/** An entry of a random shape. `mark` is its upgrade's length, by which it is known again. */
export function drawEntry(random: Random, mark: number): OplogEntry {
  const nodes = Array.from({ length: random.integer(0, 4) }, (_, i) => ({
    index: random.integer(0, 300) + i,
    size: random.integer(0, 70_000),
    hash: random.bytes(32),
  }));
  return {
    userData: random.integer(0, 3) ? null : { key: 'name', value: random.bytes(random.integer(0, 40)) },
    treeNodes: random.integer(0, 2) ? nodes : null,
    treeUpgrade: { fork: random.integer(0, 3), ancestors: 0, length: mark, signature: random.bytes(64) },
    bitfield: random.integer(0, 1) ? { drop: random.integer(0, 1) === 1, start: mark, length: 1 } : null,
  };
}

/** A header of a new core, and of one whose tree has `length` blocks. */
export function drawHeader(random: Random, length: number, userDataBytes = 0): OplogHeader {
  const publicKey = random.bytes(32);
  return {
    key: publicKey,
    manifest: null,
    keyPair: random.integer(0, 1) ? { publicKey, secretKey: random.bytes(64) } : null,
    userData: userDataBytes === 0 ? [] : [{ key: 'much', value: random.bytes(userDataBytes) }],
    tree: {
      fork: 0,
      length,
      rootHash: length === 0 ? null : random.bytes(32),
      signature: length === 0 ? null : random.bytes(64),
    },
    hints: { reorgs: [], contiguousLength: length },
  };
}
