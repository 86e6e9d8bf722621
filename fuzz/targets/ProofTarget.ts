import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import { encode } from '../../lib/encoding/encode.js';
import { isHypercoreError } from '../../lib/errors.js';
import { type Data, dataCodec } from '../../lib/messages/data.js';
import type { TreeNode } from '../../lib/messages/proof.js';
import { request } from '../../lib/messages/request.js';
import { missingNodes } from '../../lib/tree/missingNodes.js';
import { MemoryLog } from '../../spec/proof/MemoryLog.js';
import type { Dice } from '../Dice.js';
import { broken, type FuzzOutcome, type FuzzTarget, hexOf } from '../FuzzTarget.js';
import { same } from '../same.js';

/** Of the writer. */
export const proofSeed = new Uint8Array(32).fill(7);

/** The writer's log. */
export const proofBlocks: readonly Uint8Array[] = Array.from({ length: 45 }, (_, i) =>
  new Uint8Array((i * 37) % 90).fill(i),
);

/** A reader at some point of its life: what it knows follows from these. */
interface ReaderCase {
  readonly log: MemoryLog;
  readonly writer: MemoryLog;
}

/**
 * Whole `data` messages of an honest writer, changed here and there, given to a reader that knows some of the tree. Promised
 * is: an error of the library with nothing changed, or a block and a tree that are the writer's own.
 */
export class ProofTarget implements FuzzTarget {
  readonly name = 'proofs';
  readonly weight = 30;
  private readonly cases: ReaderCase[] = [];
  /** The last input. */
  message: Data | null = null;
  private readonly strangeNumbers = [0, 1, 2, 2 ** 32, 2 ** 51, Number.MAX_SAFE_INTEGER];

  constructor() {
    const writer = new MemoryLog(portableCrypto, portableCrypto.keyPair(proofSeed).publicKey);
    for (const length of [0, 1, 6, 16, 33, 45]) {
      writer.append(proofBlocks.slice(writer.head.length, length), proofSeed);
      const log = new MemoryLog(portableCrypto, writer.key);
      if (length > 0) log.receive(this.answer(writer, { upgrade: { start: 0, length } }));
      this.cases.push({ log, writer });
      // The same with some of its blocks.
      const some = log.copy();
      for (const index of [0, 5, 12, 40].filter(one => one < length)) {
        const nodes = some.run(missingNodes(some.head, 2 * index));
        some.receive(this.answer(writer, { block: { index, nodes } }));
      }
      this.cases.push({ log: some, writer });
    }
  }

  get inputBytes(): number {
    return this.encoded.length;
  }

  describe(): string {
    return hexOf(this.encoded);
  }

  run(dice: Dice): FuzzOutcome {
    const { log, writer } = dice.pick(this.cases);
    const reader = log.copy();
    const honest = this.honest(dice, reader, writer);
    if (honest === null) return 'refused';
    let message = honest;
    for (let changes = dice.chance(0.1) ? 0 : dice.integer(1, 3); changes > 0; changes--) {
      message = this.changed(dice, message);
    }
    this.message = message;
    const before = reader.snapshot();
    try {
      const { block, head } = reader.receive(message);
      if (block !== null && !same(block.value, writer.blocks.get(block.index)))
        broken("a block is the writer's");
      if (head !== null && !same(reader.hasher.tree(head.roots), this.treeHash(writer, head.length))) {
        broken("a tree is one of the writer's");
      }
      return 'accepted';
    } catch (error) {
      if (!isHypercoreError(error)) broken('only errors of the library', error);
      if (!same(reader.snapshot(), before)) broken('what is refused changes nothing');
      if (message === honest) broken('what is honest is taken', error);
      return 'refused';
    }
  }

  private get encoded(): Uint8Array {
    if (this.message === null) return new Uint8Array(0);
    try {
      return encode(dataCodec, this.message);
    } catch {
      // A number that does not fit: then it is told in words.
      return new TextEncoder().encode(JSON.stringify(this.message));
    }
  }

  /** An answer to what a reader like this may ask. */
  private honest(dice: Dice, reader: MemoryLog, writer: MemoryLog): Data | null {
    const { length } = reader.head;
    const grows = writer.head.length > length;
    const upgrade =
      grows && (length === 0 || dice.chance(0.6))
        ? { start: length, length: writer.head.length - length }
        : null;
    const end = upgrade === null ? length : writer.head.length;
    const index = dice.integer(0, end - 1);
    const nodes = reader.run(missingNodes(reader.head, 2 * index));
    const kind = dice.integer(upgrade === null ? 1 : 0, 3);
    const seek =
      kind === 3 && upgrade === null
        ? { bytes: dice.integer(1, reader.head.byteLength - 1), padding: 0 }
        : null;
    try {
      return writer.prove(
        request({
          id: 1,
          ...(upgrade && { upgrade }),
          ...(kind === 1 && { block: { index, nodes } }),
          ...(kind >= 2 && { hash: { index: 2 * index, nodes } }),
          ...(seek && { seek }),
        }),
      );
    } catch (error) {
      if (isHypercoreError(error)) return null;
      throw error;
    }
  }

  private answer(writer: MemoryLog, fields: Omit<Parameters<typeof request>[0], 'id'>): Data {
    const answer = writer.prove(request({ id: 1, ...fields }));
    if (answer === null) throw new Error('the writer has no answer');
    return answer;
  }

  /** The hash of the tree that the writer had, or an empty array if it never signed one. */
  private treeHash(writer: MemoryLog, length: number): Uint8Array {
    return length === writer.head.length ? writer.hasher.tree(writer.head.roots) : new Uint8Array(0);
  }

  private changed(dice: Dice, message: Data): Data {
    const { block, hash, seek, upgrade } = message;
    const kind = dice.integer(0, 5);
    if (kind === 0) return { ...message, fork: dice.pick(this.strangeNumbers) };
    if (kind === 1) return { ...message, [dice.pick(['block', 'hash', 'seek', 'upgrade'])]: null };
    if (block !== null && dice.chance(0.5)) {
      if (kind === 2) return { ...message, block: { ...block, index: this.number(dice, block.index) } };
      if (kind === 3) return { ...message, block: { ...block, value: this.bytes(dice, block.value) } };
      return { ...message, block: { ...block, nodes: this.nodes(dice, block.nodes) } };
    }
    if (hash !== null && dice.chance(0.5)) {
      if (kind === 2) return { ...message, hash: { ...hash, index: this.number(dice, hash.index) } };
      return { ...message, hash: { ...hash, nodes: this.nodes(dice, hash.nodes) } };
    }
    if (upgrade !== null) {
      const { signature } = upgrade;
      if (kind === 2) return { ...message, upgrade: { ...upgrade, start: this.number(dice, upgrade.start) } };
      if (kind === 3)
        return { ...message, upgrade: { ...upgrade, length: this.number(dice, upgrade.length) } };
      if (kind === 4)
        return {
          ...message,
          upgrade: { ...upgrade, signature: this.bytes(dice, signature ?? new Uint8Array(64)) },
        };
      if (dice.chance(0.3)) {
        return { ...message, upgrade: { ...upgrade, additionalNodes: this.nodes(dice, upgrade.nodes) } };
      }
      return { ...message, upgrade: { ...upgrade, nodes: this.nodes(dice, upgrade.nodes) } };
    }
    if (seek !== null) return { ...message, seek: { ...seek, nodes: this.nodes(dice, seek.nodes) } };
    const node = { index: this.number(dice, 8), size: 3, hash: dice.bytes(32) };
    return { ...message, seek: { bytes: dice.integer(0, 100), nodes: [node] } };
  }

  private number(dice: Dice, near: number): number {
    return dice.chance(0.7) ? Math.max(0, near + dice.integer(-3, 3)) : dice.pick(this.strangeNumbers);
  }

  private bytes(dice: Dice, bytes: Uint8Array): Uint8Array {
    if (bytes.length === 0 || dice.chance(0.2)) return dice.bytes(dice.integer(0, 70));
    if (dice.chance(0.3)) return bytes.slice(0, dice.integer(0, bytes.length - 1));
    const copy = bytes.slice();
    copy[dice.integer(0, copy.length - 1)] ^= 1 << dice.integer(0, 7);
    return copy;
  }

  private nodes(dice: Dice, nodes: readonly TreeNode[]): readonly TreeNode[] {
    const copy = [...nodes];
    const at = dice.integer(0, Math.max(0, copy.length - 1));
    const node = copy[at] ?? {
      index: dice.integer(0, 2 * proofBlocks.length),
      size: 1,
      hash: dice.bytes(32),
    };
    const kind = dice.integer(0, 5);
    if (kind === 0) copy.splice(at, 1);
    else if (kind === 1) copy.splice(dice.integer(0, copy.length), 0, node);
    else if (kind === 2) copy[at] = { ...node, index: this.number(dice, node.index) };
    else if (kind === 3) copy[at] = { ...node, size: this.number(dice, node.size) };
    else if (kind === 4) copy.reverse();
    else copy[at] = { ...node, hash: dice.chance(0.9) ? flipped(dice, node.hash) : new Uint8Array(32) };
    return copy;
  }
}

/** As long as it was: the decoder lets nothing else through. */
function flipped(dice: Dice, hash: Uint8Array): Uint8Array {
  const copy = hash.slice();
  copy[dice.integer(0, copy.length - 1)] ^= 1 << dice.integer(0, 7);
  return copy;
}
