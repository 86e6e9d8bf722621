import { bestCrypto } from '../../lib/crypto/bestCrypto.js';
import type { CryptoBackend } from '../../lib/crypto/CryptoBackend.js';
import { decode } from '../../lib/encoding/decode.js';
import { encode } from '../../lib/encoding/encode.js';
import { isHypercoreError } from '../../lib/errors.js';
import { dataCodec, type Data } from '../../lib/messages/data.js';
import { manifestCodec } from '../../lib/messages/manifest.js';
import type { TreeNode } from '../../lib/messages/proof.js';
import { request, requestCodec, type Request } from '../../lib/messages/request.js';
import { findConflict } from '../../lib/proof/findConflict.js';
import { ForkProof } from '../../lib/proof/ForkProof.js';
import { compatSignable, signable } from '../../lib/proof/signable.js';
import { missingNodes } from '../../lib/tree/missingNodes.js';
import { lateBackend } from '../crypto/lateBackend.js';
import { hex, unhex } from '../helpers/bytes.js';
import vectors from '../vectors/merkle.json' with { type: 'json' };
import { MemoryLog } from './MemoryLog.js';

type Mode = 'compat' | 'manifest';
interface State {
  length: number;
  byteLength: number;
  fork: number;
  treeHash: string;
  have: [number, number][];
}
interface HexNode {
  index: number;
  size: number;
  hash: string;
}
interface Verdict {
  ok: boolean;
  error?: string;
  code?: string;
}
type PerVersion<T> = { both: T } | { v10: T; v11: T };
interface MerkleVectors {
  seed: string;
  keys: Record<Mode, string>;
  encodedManifest: string;
  firstBlocks: string[];
  trees: ({
    length: number;
    byteLength: number;
    roots: HexNode[];
    treeHash: string;
  } & Record<Mode, { signable: string; signature: string | null }>)[];
  allNodes: { length: number; nodes: HexNode[] };
  chains: {
    what: string;
    mode: Mode;
    length: number;
    steps: { writerLength: number; requestHex: string; data: string; after: State }[];
  }[];
  altered: {
    chain: number;
    step: number;
    what: string;
    data: string;
    verdict: PerVersion<Verdict>;
    after?: State;
  }[];
  misfits: {
    what: string;
    mode: Mode;
    setup: string[];
    data: string;
    verdict: PerVersion<Verdict>;
    after: State;
  }[];
  invalidRequests: {
    what: string;
    length: number;
    requestHex: string;
    answer: PerVersion<{ error?: string; noData?: boolean; data?: string }>;
  }[];
  reorgs: {
    mode: Mode;
    oldLength: number;
    truncatedTo: number;
    newBlocks: string[];
    setup: string[];
    steps: {
      request: {
        fork: number;
        upgrade?: { start: number; length: number };
        hash?: { index: number; nodes: number };
      };
      data: string;
      ancestors: number;
      finished: boolean;
      want: { nodes: number; start: number; end: number } | null;
    }[];
    after: State;
    altered: { what: string; data: string; verdict: PerVersion<Verdict> }[];
  }[];
  conflicts: {
    what: string;
    mode: Mode;
    setup: string[];
    data: string;
    result: PerVersion<{ dropped: unknown; conflict: boolean }>;
  }[];
}

let backend: CryptoBackend;
const crypto = lateBackend(() => backend);
const merkle = vectors as MerkleVectors;
const seed = unhex(merkle.seed);
const manifest = decode(manifestCodec, unhex(merkle.encodedManifest));
const modes: readonly Mode[] = ['compat', 'manifest'];

const blockOf = (i: number): Uint8Array =>
  Uint8Array.from({ length: (i * 7 + 3) % 23 }, (_, j) => (i * 31 + j * 17 + 5) % 256);
const blocksOf = (from: number, to: number): Uint8Array[] =>
  Array.from({ length: to - from }, (_, i) => blockOf(from + i));
const dataOf = (text: string): Data => decode(dataCodec, unhex(text));
const requestOf = (text: string): Request => decode(requestCodec, unhex(text));

const inHex = (node: TreeNode): HexNode => ({ ...node, hash: hex(node.hash) });

/** Only read from, so that each is made once. */
const writers = new Map<string, MemoryLog>();
function sharedWriter(mode: Mode, length: number): MemoryLog {
  const name = `${mode} ${length}`;
  const writer = writers.get(name) ?? writerOf(mode, length);
  writers.set(name, writer);
  return writer;
}

function writerOf(mode: Mode, length: number): MemoryLog {
  const writer = new MemoryLog(crypto, unhex(merkle.keys[mode]), mode === 'manifest' ? manifest : null);
  if (length > 0) writer.append(blocksOf(0, length), seed);
  return writer;
}

/** One that knows the key alone, and then what it was sent. */
function readerOf(mode: Mode, received: readonly string[]): MemoryLog {
  const reader = new MemoryLog(crypto, unhex(merkle.keys[mode]));
  for (const data of received) reader.receive(dataOf(data));
  return reader;
}

/** One that took the first steps of a chain; what leads there is done once. */
const readers = new Map<string, MemoryLog>();
function readerAt(mode: Mode, chain: number, step: number): MemoryLog {
  const name = `${chain} ${step}`;
  let reader = readers.get(name);
  if (reader === undefined) {
    const received = merkle.chains[chain].steps.slice(0, step);
    reader = readerOf(
      mode,
      received.map(({ data }) => data),
    );
    readers.set(name, reader);
  }
  return reader.copy();
}

function stateOf(log: MemoryLog): State {
  const { length, byteLength, fork, roots } = log.head;
  const have: [number, number][] = [];
  for (const index of [...log.blocks.keys()].sort((a, b) => a - b)) {
    const last = have.at(-1);
    if (last?.[1] === index) last[1]++;
    else have.push([index, index + 1]);
  }
  return { length, byteLength, fork, treeHash: hex(log.hasher.tree(roots)), have };
}

/** The code of the error with which a message is refused; the log must be as it was. */
function refusalOf(log: MemoryLog, act: () => unknown): string | null {
  const before = log.snapshot();
  try {
    act();
    return null;
  } catch (error) {
    if (!isHypercoreError(error)) throw error;
    expect(log.snapshot()).toEqual(before);
    return error.code;
  }
}

/** What we say where hypercore says something else, or nothing. */
function codeFor({ error = '', code }: Verdict): string {
  if (code === 'INVALID_SIGNATURE' || error === 'Out of bounds') return 'ERR_SIGNATURE';
  return code === 'INVALID_CHECKSUM' ? 'ERR_CHECKSUM' : 'ERR_PROOF';
}
const either = <T>(result: PerVersion<T>): T => ('both' in result ? result.both : result.v11);

describe('proof: merkle vectors', () => {
  beforeAll(async () => {
    backend = await bestCrypto();
  });

  it('gives the trees: roots, hashes, what is signed, and the signature', () => {
    expect(merkle.firstBlocks.map((_, i) => hex(blockOf(i)))).toEqual(merkle.firstBlocks);
    for (const mode of modes) {
      const writer = writerOf(mode, 0);
      for (const tree of merkle.trees) {
        if (tree.length > 0) writer.append(blocksOf(writer.head.length, tree.length), seed);
        const { roots, length, fork, byteLength, signature } = writer.head;
        const facts = { hash: writer.hasher.tree(roots), length, fork };
        expect({ length, byteLength, roots: roots.map(inHex) })
          .withContext(`${mode} ${tree.length}`)
          .toEqual({ length: tree.length, byteLength: tree.byteLength, roots: tree.roots });
        expect(hex(facts.hash)).toBe(tree.treeHash);
        const signed = mode === 'compat' ? compatSignable(facts) : signable(writer.key, facts);
        expect(hex(signed)).toBe(tree[mode].signable);
        expect(signature === null ? null : hex(signature)).toBe(tree[mode].signature);
      }
    }
  });

  it('gives every node of a tree, in whatever batches it is appended', () => {
    const { length, nodes } = merkle.allNodes;
    for (const batch of [1, 3, length]) {
      const writer = writerOf('compat', 0);
      for (let at = 0; at < length; at += batch) {
        writer.append(blocksOf(at, Math.min(at + batch, length)), seed);
      }
      const given = [...writer.nodes.values()].sort((a, b) => a.index - b.index);
      expect(given.map(inHex)).toEqual(nodes);
    }
  });

  it('answers each request of the chains with the same bytes, and is after each in the same state', () => {
    for (const { what, mode, steps } of merkle.chains) {
      const reader = readerOf(mode, []);
      for (const [i, { writerLength, requestHex, data, after }] of steps.entries()) {
        const context = `${what}, ${mode}, step ${i}`;
        const answer = sharedWriter(mode, writerLength).prove(requestOf(requestHex));
        expect(answer && hex(encode(dataCodec, answer)))
          .withContext(context)
          .toBe(data);
        reader.receive(dataOf(data));
        expect(stateOf(reader)).withContext(context).toEqual(after);
      }
    }
  });

  it('refuses each altered proof that hypercore refuses, and is then as it was', () => {
    const stricter: string[] = [];
    for (const { chain, step, what, data, verdict, after } of merkle.altered) {
      const { mode, what: title } = merkle.chains[chain];
      const context = `${title}, ${mode}, step ${step}, ${what}`;
      const reader = readerAt(mode, chain, step);
      const code = refusalOf(reader, () => reader.receive(dataOf(data)));
      const expected = either(verdict);
      if (!expected.ok) expect(code).withContext(context).toBe(codeFor(expected));
      else if (code !== null) stricter.push(context);
      else if (after) expect(stateOf(reader)).withContext(context).toEqual(after);
    }
    expect(stricter).toEqual([]);
  });

  for (const { what, mode, setup, data, verdict, after } of merkle.misfits) {
    it(`treats what does not fit as hypercore does: ${what}, ${mode}`, () => {
      const reader = readerOf(mode, setup);
      const code = refusalOf(reader, () => reader.receive(dataOf(data)));
      const expected = either(verdict);
      expect(code).toBe(expected.ok ? null : codeFor(expected));
      expect(stateOf(reader)).toEqual(after);
    });
  }

  for (const { what, length, requestHex, answer } of merkle.invalidRequests) {
    it(`answers no request that cannot be: ${what}`, () => {
      const writer = writerOf('compat', length);
      const expected = either(answer);
      const given: (string | null)[] = [];
      const code = refusalOf(writer, () => {
        const answer = writer.prove(requestOf(requestHex));
        given.push(answer && hex(encode(dataCodec, answer)));
      });
      expect(code).toBe(expected.error === undefined ? null : 'ERR_PROOF');
      expect(given).toEqual(expected.error === undefined ? [expected.data ?? null] : []);
    });
  }

  for (const reorg of merkle.reorgs) {
    const { mode, oldLength, truncatedTo, newBlocks, setup, steps } = reorg;
    describe(`fork of ${oldLength} blocks at ${truncatedTo}, ${newBlocks.length} new, ${mode}`, () => {
      it('finds how many are shared by the same questions, and takes the tree over', () => {
        const writer = writerOf(mode, oldLength);
        writer.truncate(truncatedTo, 1, seed);
        if (newBlocks.length > 0) writer.append(newBlocks.map(unhex), seed);
        const reader = readerOf(mode, setup);
        let fork: ForkProof | null = null;
        for (const { request: wire, data, ancestors, finished, want } of steps) {
          const asked: Request = {
            type: 'request',
            id: dataOf(data).request,
            fork: wire.fork,
            block: null,
            hash: wire.hash ?? null,
            seek: null,
            upgrade: wire.upgrade ?? null,
            manifest: dataOf(data).manifest !== null,
            priority: 0,
          };
          const answer = writer.prove(asked);
          expect(answer && hex(encode(dataCodec, answer))).toBe(data);
          if (fork === null) fork = reader.run(ForkProof.from(reader.authority, reader.head, dataOf(data)));
          else reader.run(fork.add(dataOf(data)));
          expect(fork.ancestors).toBe(ancestors);
          expect(fork.wanted === null).toBe(finished);
          if (want) expect(fork.wanted).toEqual({ ...want, index: 2 * want.start });
        }
        reader.reorg(fork!);
        expect(stateOf(reader)).toEqual(reorg.after);
        // What it knows now is enough to be given every block.
        for (let i = 0; i < writer.head.length; i++) {
          const nodes = reader.run(missingNodes(reader.head, 2 * i));
          const answer = writer.prove(request({ id: 1, fork: 1, block: { index: i, nodes } }));
          reader.receive(answer!);
          expect(reader.blocks.get(i)).toEqual(writer.blocks.get(i));
        }
      });

      for (const { what, data, verdict } of reorg.altered) {
        it(`refuses it altered: ${what}`, () => {
          const reader = readerOf(mode, setup);
          const code = refusalOf(reader, () =>
            reader.run(ForkProof.from(reader.authority, reader.head, dataOf(data))),
          );
          expect(code).toBe(codeFor(either(verdict)));
        });
      }
    });
  }

  for (const { what, mode, setup, data, result } of merkle.conflicts) {
    it(`reports a conflict where there is one: ${what}, ${mode}`, () => {
      const reader = readerOf(mode, setup);
      const before = reader.snapshot();
      const comparison = reader.run(findConflict(reader.authority, reader.head, dataOf(data)));
      const { conflict, dropped } = either(result);
      expect(comparison === 'conflict').toBe(conflict);
      if (dropped === false) expect(comparison).toBe('same');
      expect(reader.snapshot()).toEqual(before);
    });
  }
});
