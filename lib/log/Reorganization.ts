import { ProofError } from '../logErrors.js';
import type { Data } from '../messages/data.js';
import type { ForkProof } from '../proof/ForkProof.js';
import { readNodes } from '../tree/NodeReader.js';
import type { CoreState } from './CoreState.js';
import type { LogChange, Reorg } from './ReplicableLog.js';

/** What {@link Reorganization} needs of its core. @internal */
export interface ReorganizationContext {
  tell(change: LogChange): void;
  run<T>(task: () => Promise<T>): Promise<T>;
}

/**
 * A fork of a remote on its way into the log: nothing changes before {@link Reorganization.commit}.
 *
 * @internal
 */
export class Reorganization implements Reorg {
  /** The tree that the proof was compared with. */
  private readonly base;

  constructor(
    private readonly state: CoreState,
    private readonly proof: ForkProof,
    private readonly context: ReorganizationContext,
  ) {
    this.base = state.head;
  }

  get fork(): number {
    return this.proof.head.fork;
  }

  get length(): number {
    return this.proof.head.length;
  }

  get ancestors(): number {
    return this.proof.ancestors;
  }

  get wanted(): { readonly index: number; readonly nodes: number } | null {
    return this.isStale ? null : this.proof.wanted;
  }

  async add(data: Data): Promise<void> {
    if (!this.isStale) await readNodes(this.proof.add(data), this.state.nodes);
  }

  commit(): Promise<void> {
    return this.context.run(async () => {
      if (this.isStale) return;
      const { state, proof } = this;
      const { head, manifest, ancestors, nodes } = proof;
      if (proof.wanted !== null) throw new ProofError('what both trees share is not known yet');
      state.verifyLength(head.length);
      if (manifest !== null) {
        await state.adoptManifest(manifest);
        this.context.tell({ type: 'manifest' });
      }
      // Hypercore 10 opens no log of which nodes were cut that are still in the oplog.
      await state.tidy(true);
      const before = state.head.length;
      await state.commit(
        [
          {
            userData: null,
            treeNodes: nodes,
            treeUpgrade: {
              fork: head.fork,
              ancestors,
              length: head.length,
              signature: head.signature ?? new Uint8Array(0),
            },
            bitfield: { drop: true, start: ancestors, length: before - ancestors },
          },
        ],
        [],
        true,
      );
      state.cut(head, ancestors);
      state.nodes.put(nodes);
      this.context.tell({ type: 'fork', fork: head.fork, ancestors, length: head.length });
      await state.tidy();
    });
  }

  /** Whether the log became another one than the proof was compared with. */
  private get isStale(): boolean {
    return this.state.head !== this.base;
  }
}
