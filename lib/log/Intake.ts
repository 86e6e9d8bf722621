import { ProofError } from '../logErrors.js';
import type { Data } from '../messages/data.js';
import type { TreeNode } from '../messages/proof.js';
import { verifyData, type VerifiedData } from '../proof/verifyData.js';
import { readNodes } from '../tree/NodeReader.js';
import type { BlockWrite, CoreState } from './CoreState.js';
import type { LogChange, Received } from './ReplicableLog.js';

/** Blocks, and bytes of them, that are stored in one go. */
const MOST_BLOCKS = 256;
const MOST_BYTES = 0x400000;

/** A block from this size on is written by itself, without being copied to its neighbours. */
const LARGE_BYTES = 0x4000;

/** A message that waits to be taken in. @internal */
export interface Delivery {
  readonly data: Data;
  readonly resolve: (received: Received) => void;
  readonly reject: (error: unknown) => void;
}

interface Verified extends Pick<VerifiedData, 'block' | 'head' | 'manifest'> {
  readonly delivery: Delivery;
  /** Nodes that have to be stored. */
  readonly added: readonly TreeNode[];
}

/**
 * Verifies messages and stores what they bring, many at a time: those that came in while others were being stored make
 * the next group. An upgrade is a group of its own, for what follows is verified against the tree it leads to.
 *
 * @internal
 */
export class Intake {
  constructor(
    private readonly state: CoreState,
    private readonly tell: (change: LogChange) => void,
    /** Decides about an upgrade that does not reach beyond this log: it may prove a conflict. */
    private readonly compare: (data: Data) => Promise<void>,
  ) {}

  /** Takes in messages in order. Never rejects: each message has its own outcome. */
  async take(deliveries: readonly Delivery[]): Promise<void> {
    let group: Verified[] = [];
    let bytes = 0;
    const wanted = new Set<number>();
    const store = async (): Promise<void> => {
      const stored = group;
      group = [];
      bytes = 0;
      wanted.clear();
      if (stored.length > 0) await this.store(stored);
    };
    for (const delivery of deliveries) {
      const { upgrade, manifest } = delivery.data;
      // It is stored by itself, so it must not be verified by nodes of a group that may turn out to find no room.
      if (upgrade !== null || manifest !== null) await store();
      const outcome = this.verify(delivery);
      const verified = outcome !== null && 'then' in outcome ? await outcome : outcome;
      if (verified === null) continue;
      const { block } = verified;
      if (verified.head !== null || verified.manifest !== null) {
        await this.store([verified]);
        continue;
      }
      const isNew = block !== null && !this.state.bits.get(block.index) && !wanted.has(block.index);
      if (isNew) wanted.add(block.index);
      group.push(isNew ? verified : { ...verified, block: null });
      bytes += block?.value.length ?? 0;
      if (group.length >= MOST_BLOCKS || bytes >= MOST_BYTES) await store();
    }
    await store();
  }

  /** Whether a message is an upgrade from nothing to what is here already, sent to find out about a conflict. */
  private isLookBack({ fork, upgrade }: Data): boolean {
    const { head } = this.state;
    return (
      upgrade !== null &&
      upgrade.start === 0 &&
      fork === head.fork &&
      upgrade.length <= head.length &&
      head.length > 0
    );
  }

  /** Verifies a message; without a promise if all nodes that it takes are in memory. */
  private verify(delivery: Delivery): Verified | null | Promise<Verified | null> {
    const { state } = this;
    if (this.isLookBack(delivery.data)) return this.verifyCompared(delivery);
    try {
      // An upgrade in a group was stored before this: the tree is the newest.
      const reading = readNodes(verifyData(state.authority, state.head, delivery.data), state.nodes.andLoose);
      return 'then' in reading ? this.verifyRead(delivery, reading) : this.verified(delivery, reading);
    } catch (error) {
      delivery.reject(error);
      return null;
    }
  }

  private async verifyCompared(delivery: Delivery): Promise<Verified | null> {
    const { state } = this;
    const { data } = delivery;
    try {
      await this.compare(data);
    } catch (error) {
      delivery.reject(error);
      return null;
    }
    if (data.block === null && data.hash === null && data.seek === null) {
      delivery.resolve({ block: -1, upgraded: false });
      return null;
    }
    const read = async (): Promise<VerifiedData> =>
      readNodes(verifyData(state.authority, state.head, data), state.nodes.andLoose);
    return this.verifyRead(delivery, read());
  }

  private async verifyRead(delivery: Delivery, reading: Promise<VerifiedData>): Promise<Verified | null> {
    try {
      return this.verified(delivery, await reading);
    } catch (error) {
      delivery.reject(error);
      return null;
    }
  }

  private verified(delivery: Delivery, verified: VerifiedData): Verified {
    const { state } = this;
    if (verified.head !== null) state.verifyLength(verified.head.length);
    if (verified.block !== null && verified.block.index >= (verified.head ?? state.head).length) {
      throw new ProofError(`block ${verified.block.index} is past the end`);
    }
    const { block, head, manifest } = verified;
    return { delivery, added: this.learn(verified), block, head, manifest };
  }

  /** What was proved is true, whether or not it comes to be stored. */
  private learn({ nodes, loose }: VerifiedData): readonly TreeNode[] {
    if (loose.length === 0) return this.state.nodes.put(nodes);
    const unproved = new Set(loose.map(node => node.index));
    const added = this.state.nodes.put(nodes.filter(node => !unproved.has(node.index)));
    this.state.nodes.putLoose(loose);
    return added;
  }

  private async store(given: readonly Verified[]): Promise<void> {
    const { state } = this;
    // Remotes answer in any order; blocks that lie behind each other are one entry, and one write.
    const group = given.length > 1 ? [...given].sort((a, b) => indexOf(a) - indexOf(b)) : given;
    try {
      const { head, manifest } = group[0];
      const writes = await this.writesOf(group);
      if (manifest !== null) await this.learnManifest(group[0]);
      await state.commit(
        this.entriesOf(group),
        writes.map(({ write }) => write),
      );
      const before = state.head.length;
      if (head !== null) state.head = head;
      for (const { first, write, sizes } of writes) this.keep(first, write.bytes, sizes);
      if (head !== null) this.tell({ type: 'length', length: head.length, byteLength: head.byteLength });
      for (const { first, sizes } of writes) this.tell({ type: 'have', start: first, length: sizes.length });
      const upgraded = state.head.length > before;
      for (const { delivery, block } of group) delivery.resolve({ block: block?.index ?? -1, upgraded });
    } catch (error) {
      for (const { added, delivery } of group) {
        state.nodes.takeBack(added);
        delivery.reject(error);
      }
      return;
    }
    await state.tidy();
  }

  private entriesOf(group: readonly Verified[]) {
    const entries: Parameters<CoreState['commit']>[0][number][] = [];
    for (let i = 0; i < group.length;) {
      const { block, head, added } = group[i];
      const nodes = [...added];
      let length = block === null ? 0 : 1;
      // Blocks that follow each other are one entry.
      for (i++; i < group.length; i++) {
        const next = group[i].block;
        if (next !== null && (block === null || next.index !== block.index + length)) break;
        nodes.push(...group[i].added);
        if (next !== null) length++;
      }
      if (nodes.length === 0 && block === null && head === null) continue;
      entries.push({
        userData: null,
        treeNodes: nodes,
        treeUpgrade: head && {
          fork: head.fork,
          ancestors: this.state.head.length,
          length: head.length,
          signature: head.signature ?? new Uint8Array(0),
        },
        bitfield: block && { drop: false, start: block.index, length },
      });
    }
    return entries;
  }

  /** The blocks of a group as they are written: those that follow each other at once. */
  private async writesOf(
    group: readonly Verified[],
  ): Promise<{ readonly first: number; readonly write: BlockWrite; readonly sizes: readonly number[] }[]> {
    const { state } = this;
    const head = group[0].head ?? state.head;
    const writes: { first: number; write: BlockWrite; sizes: number[] }[] = [];
    const blocks: NonNullable<Verified['block']>[] = [];
    for (const { block } of group) if (block !== null && !state.bits.get(block.index)) blocks.push(block);
    let behind = -1;
    let offset = 0;
    for (let i = 0; i < blocks.length;) {
      const first = blocks[i].index;
      const sizes: number[] = [];
      let length = 0;
      const from = i;
      for (; i < blocks.length && blocks[i].index === first + i - from; i++) {
        const size = blocks[i].value.length;
        if (size >= LARGE_BYTES && i > from) break;
        sizes.push(size);
        length += size;
        if (size < LARGE_BYTES) continue;
        i++;
        break;
      }
      if (first !== behind) {
        const place = state.blocks.place(head, first);
        ({ offset } = 'then' in place ? await place : place);
      }
      behind = first + sizes.length;
      if (sizes.length === 1) {
        writes.push({ first, write: { offset, bytes: blocks[from].value }, sizes });
        offset += length;
        continue;
      }
      const bytes = new Uint8Array(length);
      let at = 0;
      for (let k = from; k < i; k++) {
        bytes.set(blocks[k].value, at);
        at += blocks[k].value.length;
      }
      writes.push({ first, write: { offset, bytes }, sizes });
      offset += length;
    }
    return writes;
  }

  private keep(first: number, bytes: Uint8Array, sizes: readonly number[]): void {
    const { state } = this;
    state.setBits(first, sizes.length, true);
    // A single block is a view of the message it came in.
    const isOwn = 4 * bytes.length >= 3 * bytes.buffer.byteLength;
    state.blocks.keepRow(first, isOwn ? bytes : bytes.slice(), sizes);
  }

  /** The header must tell the manifest before an entry relies on it. */
  private async learnManifest({ manifest }: Verified): Promise<void> {
    if (manifest === null) return;
    await this.state.adoptManifest(manifest);
    this.tell({ type: 'manifest' });
  }
}

/** What brings no block comes last. */
function indexOf({ block }: Verified): number {
  return block?.index ?? Number.MAX_SAFE_INTEGER;
}
