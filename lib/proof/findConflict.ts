import { isHypercoreError } from '../errors.js';
import type { Data } from '../messages/data.js';
import { rootIndexes } from '../tree/flatTree.js';
import type { NodeReading } from '../tree/NodeReader.js';
import { TreeBatch } from '../tree/TreeBatch.js';
import { emptyHead, type TreeHead } from '../tree/TreeHead.js';
import type { CoreAuthority } from './CoreAuthority.js';
import { growTree } from './growTree.js';

/**
 * What a remote's whole tree says of the one that is here:
 *
 * - `same`: both agree, as far as the shorter one goes
 * - `conflict`: the writer signed two trees that differ, at one length and fork
 * - `unproved`: the remote's tree is not signed, or cannot be put together
 * - `unknown`: it is longer than the one here, of another fork, or nodes are missing here to compare
 *
 * @internal
 */
export type Comparison = 'same' | 'conflict' | 'unproved' | 'unknown';

/**
 * Compares the tree that is here with an upgrade from nothing, the answer to a request that is made when a proof of the
 * remote did not hold (hypercore `lib/core.js`, `checkConflict`).
 *
 * @internal
 */
export function* findConflict(authority: CoreAuthority, tree: TreeHead, data: Data): NodeReading<Comparison> {
  const { upgrade } = data;
  if (upgrade === null || upgrade.start !== 0) return 'unproved';
  if (data.fork !== tree.fork || upgrade.length > tree.length) return 'unknown';
  const { hasher } = authority;
  const part = new TreeBatch(hasher, emptyHead, data.fork);
  const whole = new TreeBatch(hasher, emptyHead, data.fork);
  try {
    const { rules } = authority.rulesFor(data.manifest);
    growTree(part, { ...upgrade, additionalNodes: [] }, null, null);
    growTree(whole, upgrade, null, rules.prologue);
    if (!rules.verify(whole, upgrade.signature)) return 'unproved';
  } catch (error) {
    if (isHypercoreError(error)) return 'unproved';
    throw error;
  }
  // The signed tree as it is, if it has not outgrown this one; else the part of it that both have.
  const compared = whole.length <= tree.length ? whole : part;
  const isWhole = compared.length === tree.length;
  const own = isWhole ? tree.roots : yield rootIndexes(compared.length);
  for (const [i, root] of compared.roots.entries()) {
    const node = own[i];
    if (node === null) return 'unknown';
    if (node.index !== root.index || node.size !== root.size || !hasher.crypto.equal(node.hash, root.hash)) {
      return 'conflict';
    }
  }
  return 'same';
}
