import type { CryptoBackend } from '../../../lib/crypto/CryptoBackend.js';
import { bestCrypto } from '../../../lib/crypto/bestCryptoInNode.js';
import { decode } from '../../../lib/encoding/decode.js';
import { encode } from '../../../lib/encoding/encode.js';
import { isHypercoreError } from '../../../lib/errors.js';
import { dataCodec, type Data } from '../../../lib/messages/data.js';
import type { TreeNode } from '../../../lib/messages/proof.js';
import { request, type Request, type RequestFields } from '../../../lib/messages/request.js';
import { defaultManifest, manifestKey } from '../../../lib/proof/coreManifest.js';
import { ForkProof } from '../../../lib/proof/ForkProof.js';
import { missingNodes } from '../../../lib/tree/missingNodes.js';
import { hex } from '../../helpers/bytes.js';
import { Random } from '../../helpers/random.js';
import { MemoryLog } from '../../proof/MemoryLog.js';
import { RealCore } from './RealCore.js';

/** Requests made of each kind of core; scripts may ask for more. */
const REQUESTS = Number(process.env['PROOF_REQUESTS'] ?? 600);
const STEPS = 40;

describe('proofs, beside the real hypercore in this process', () => {
  let crypto: CryptoBackend;
  let random: Random;
  beforeAll(async () => {
    crypto = await bestCrypto();
    random = new Random('proof differential');
  });
  const open: RealCore[] = [];
  afterEach(async () => {
    for (const core of open.splice(0)) await core.close();
  });

  async function coresOf(version: 10 | 11, compat: boolean) {
    const seed = random.bytes(32);
    const pair = crypto.keyPair(seed);
    const manifest = compat ? null : defaultManifest(pair.publicKey);
    const key = manifest ? manifestKey(crypto, manifest) : pair.publicKey;
    const theirWriter = await RealCore.open(version, key, compat, manifest, pair);
    open.push(theirWriter);
    expect(hex(theirWriter.real.key)).toBe(hex(key));
    const theirReader = await RealCore.open(version, key, compat, null, null);
    open.push(theirReader);
    const ourWriter = new MemoryLog(crypto, key, manifest);
    const ourReader = new MemoryLog(crypto, key);
    const append = async (count: number) => {
      const blocks = Array.from({ length: count }, () => random.bytes(random.integer(0, 20)));
      await theirWriter.real.append(blocks.map(block => Buffer.from(block)));
      ourWriter.append(blocks, seed);
    };
    return { seed, theirWriter, theirReader, ourWriter, ourReader, append };
  }

  /** What a reader in some state may well ask. */
  function likelyRequest(reader: MemoryLog, writer: MemoryLog): RequestFields {
    const { length } = reader.head;
    const more = writer.head.length - length;
    const nodesOf = (index: number): number => reader.run(missingNodes(reader.head, index));
    const id = random.integer(1, 300);
    const upgrade = more > 0 ? { start: length, length: random.integer(1, more) } : null;
    const kind = random.integer(0, 9);
    const manifest = random.integer(0, 3) === 0 || (length === 0 && reader.authority.manifest === null);
    if (length === 0 || (kind < 2 && upgrade)) return { id, upgrade, manifest };
    if (kind === 2 && upgrade) {
      const bytes = random.integer(0, writer.head.byteLength);
      return { id, upgrade, seek: { bytes, padding: 0 } };
    }
    if (kind === 3 && upgrade) {
      const index = random.integer(0, upgrade.start + upgrade.length - 1);
      const nodes = index < length ? nodesOf(2 * index) : 0;
      return { id, upgrade, block: { index, nodes } };
    }
    const index = random.pick([...writer.nodes.keys()]);
    const block = random.integer(0, length - 1);
    if (kind === 4) return { id, hash: { index, nodes: nodesOf(index) } };
    if (kind === 5) {
      const seek = { bytes: random.integer(0, reader.head.byteLength), padding: 0 };
      return { id, hash: { index: 2 * block, nodes: nodesOf(2 * block) }, seek };
    }
    if (kind === 6) {
      const seek = { bytes: random.integer(0, reader.head.byteLength), padding: 0 };
      return { id, block: { index: block, nodes: nodesOf(2 * block) }, seek };
    }
    return { id, block: { index: block, nodes: nodesOf(2 * block) } };
  }

  /** What a reader may ask that is out of its mind. */
  function anyRequest(writer: MemoryLog): RequestFields {
    const top = writer.head.length + 2;
    const maybe = <T>(value: T): T | null => (random.integer(0, 1) === 0 ? value : null);
    const pair = { nodes: random.integer(0, 7) };
    const target = random.integer(0, 2);
    return {
      id: random.integer(0, 300),
      block: target === 1 ? { index: random.integer(0, top), ...pair } : null,
      hash: target === 2 ? { index: random.integer(0, 2 * top), ...pair } : null,
      seek: maybe({ bytes: random.integer(0, writer.head.byteLength + 3), padding: random.integer(0, 2) }),
      upgrade: maybe({ start: random.integer(0, top), length: random.integer(0, top) }),
      manifest: random.integer(0, 1) === 0,
    };
  }

  function proveOurs(writer: MemoryLog, asked: Request): Data | null {
    try {
      return writer.prove(asked);
    } catch (error) {
      if (!isHypercoreError(error)) throw error;
      expect(error.code).toBe('ERR_PROOF');
      return null;
    }
  }

  function receiveOurs(reader: MemoryLog, data: Data): boolean {
    const before = reader.snapshot();
    try {
      reader.receive(data);
      return true;
    } catch (error) {
      if (!isHypercoreError(error)) throw error;
      expect(reader.snapshot()).toEqual(before);
      return false;
    }
  }

  async function compareReaders(ours: MemoryLog, theirs: RealCore, context: string): Promise<void> {
    const { length, byteLength, fork } = theirs.real;
    expect(ours.head).withContext(context).toEqual(jasmine.objectContaining({ length, byteLength, fork }));
    const hashOf = (roots: readonly TreeNode[]): string => hex(ours.hasher.tree(roots));
    expect(hashOf(ours.head.roots)).toBe(hashOf(theirs.roots));
    for (let i = 0; i < length; i++) expect(ours.blocks.has(i)).toBe(await theirs.real.has(i));
  }

  for (const version of [10, 11] as const) {
    for (const compat of [true, false]) {
      const what = `hypercore ${version}, ${compat ? 'compat' : 'manifest'}`;

      it(`are the same bytes, and convince the same readers: ${what}`, async () => {
        let asked = 0;
        while (asked < REQUESTS) {
          const cores = await coresOf(version, compat);
          const { theirWriter, theirReader, ourWriter, ourReader } = cores;
          await cores.append(random.integer(1, 90));
          for (let step = 0; step < STEPS; step++, asked++) {
            if (random.integer(0, 9) === 0) await cores.append(random.integer(1, 30));
            const likely = random.integer(0, 2) > 0;
            const asks = request(likely ? likelyRequest(ourReader, ourWriter) : anyRequest(ourWriter));
            const context = JSON.stringify({
              asks,
              writer: ourWriter.head.length,
              reader: ourReader.head.length,
            });
            const ours = proveOurs(ourWriter, asks);
            // Version 11 reckons with NaN when it seeks below a node outside of the first root: it answers without the seek,
            // and now and then what it has begun to read for that is never read, so that its core never closes.
            if (version === 11 && asks.seek && (asks.block ?? asks.hash)) continue;
            // Version 10 climbs for ever from a node beside the part of the upgrade in which the byte is, until all memory is gone.
            if (version === 10 && ours === null && asks.seek && asks.upgrade && (asks.block ?? asks.hash))
              continue;
            const theirs = await theirWriter.prove(asks);
            const bytes = ours && encode(dataCodec, ours);
            expect(bytes && hex(bytes))
              .withContext(context)
              .toEqual(theirs && hex(encode(dataCodec, theirs)));
            if (bytes === null || theirs === null) continue;
            if (likely && asks.block && asks.block.index < theirReader.real.length) {
              expect(asks.block.nodes).toBe(await theirReader.missingNodes(asks.block.index));
            }
            const taken = await theirReader.receive(decode(dataCodec, bytes));
            expect(receiveOurs(ourReader, theirs)).withContext(context).toBe(taken);
            if (step % 8 === 0) await compareReaders(ourReader, theirReader, context);
          }
          await compareReaders(ourReader, theirReader, 'at the end');
          for (const core of open.splice(0)) await core.close();
        }
      });

      it(`lead over a fork in the same steps: ${what}`, async () => {
        for (let round = 0; round < 6; round++) {
          const { seed, theirWriter, theirReader, ourWriter, ourReader, append } = await coresOf(
            version,
            compat,
          );
          await append(random.integer(1, 60));
          const { length } = ourWriter.head;
          const first = ourWriter.prove(request({ id: 1, upgrade: { start: 0, length }, manifest: true }))!;
          expect(await theirReader.receive(first)).toBeTrue();
          ourReader.receive(first);
          for (let i = random.integer(0, 8); i > 0; i--) {
            const index = random.integer(0, length - 1);
            const nodes = ourReader.run(missingNodes(ourReader.head, 2 * index));
            const block = ourWriter.prove(request({ id: 1, block: { index, nodes } }))!;
            expect(await theirReader.receive(block)).toBeTrue();
            ourReader.receive(block);
          }
          const kept = random.integer(0, length - 1);
          await theirWriter.real.truncate(kept);
          ourWriter.truncate(kept, 1, seed);
          await append(random.integer(1, 30));
          const whole = request({ id: 1, fork: 1, upgrade: { start: 0, length: ourWriter.head.length } });
          const start = ourWriter.prove(whole)!;
          expect(hex(encode(dataCodec, start))).toBe(
            hex(encode(dataCodec, (await theirWriter.prove(whole))!)),
          );
          const theirs = await theirReader.real.core.verifyReorg(structuredClone(start));
          const ours = ourReader.run(ForkProof.from(ourReader.authority, ourReader.head, start));
          while (ours.wanted !== null) {
            const { index: _, ...want } = ours.wanted;
            expect({ ...want }).toEqual({ ...theirs.want! });
            expect(ours.ancestors).toBe(theirs.ancestors);
            const block = random.integer(want.start, Math.min(want.end, ourWriter.head.length) - 1);
            const hash = { index: 2 * block, nodes: want.nodes };
            const answer = ourWriter.prove(request({ id: 2, fork: 1, hash }))!;
            await theirs.update(structuredClone(answer));
            ourReader.run(ours.add(answer));
          }
          expect(theirs.want).toBeNull();
          expect(ours.ancestors).toBe(theirs.ancestors);
          expect(await theirReader.real.core.reorg(theirs)).toBeTrue();
          ourReader.reorg(ours);
          await compareReaders(
            ourReader,
            theirReader,
            `${length} cut to ${kept}, now ${ourWriter.head.length}`,
          );
          for (let index = 0; index < ourWriter.head.length; index++) {
            const nodes = ourReader.run(missingNodes(ourReader.head, 2 * index));
            // Hypercore keeps some nodes of the tree that was cut; asking for more than it would is right as well.
            expect(nodes).toBeGreaterThanOrEqual(await theirReader.missingNodes(index));
            const block = (await theirWriter.prove(request({ id: 3, fork: 1, block: { index, nodes } })))!;
            expect(await theirReader.receive(block)).toBeTrue();
            ourReader.receive(block);
          }
          for (const core of open.splice(0)) await core.close();
        }
      });
    }
  }
});
