import type { CryptoBackend } from '../../../lib/crypto/CryptoBackend.js';
import { combinedCrypto } from '../../../lib/crypto/sodiumNative/sodiumNative.js';
import { decode } from '../../../lib/encoding/decode.js';
import { encode } from '../../../lib/encoding/encode.js';
import { isHypercoreError } from '../../../lib/errors.js';
import type { Log } from '../../../lib/log/Log.js';
import { openLog } from '../../../lib/log/openLog.js';
import { dataCodec, type Data } from '../../../lib/messages/data.js';
import { manifestCodec } from '../../../lib/messages/manifest.js';
import { requestCodec, type Request } from '../../../lib/messages/request.js';
import { hex, unhex } from '../../helpers/bytes.js';
import vectors from '../../vectors/merkle.json' with { type: 'json' };

type Mode = 'compat' | 'manifest';
interface State {
  length: number;
  byteLength: number;
  fork: number;
  treeHash: string;
  have: [number, number][];
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
  chains: {
    what: string;
    mode: Mode;
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
  reorgs: {
    mode: Mode;
    oldLength: number;
    truncatedTo: number;
    newBlocks: string[];
    setup: string[];
    steps: { data: string; ancestors: number; finished: boolean }[];
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

const merkle = vectors as MerkleVectors;
const blockOf = (i: number): Uint8Array =>
  Uint8Array.from({ length: (i * 7 + 3) % 23 }, (_, j) => (i * 31 + j * 17 + 5) % 256);
const dataOf = (text: string): Data => decode(dataCodec, unhex(text));
const requestOf = (text: string): Request => decode(requestCodec, unhex(text));
const either = <T>(result: PerVersion<T>): T => ('both' in result ? result.both : result.v11);

/** What we say where hypercore says something else, or nothing. */
function codeFor({ error = '', code }: Verdict): string {
  if (code === 'INVALID_SIGNATURE' || error === 'Out of bounds') return 'ERR_SIGNATURE';
  return code === 'INVALID_CHECKSUM' ? 'ERR_CHECKSUM' : 'ERR_PROOF';
}

async function stateOf(log: Log): Promise<State> {
  const { length, byteLength, fork } = log;
  const have: [number, number][] = [];
  for (let i = 0; i < length; i++) {
    if (!log.has(i)) continue;
    expect(hex(await log.get(i)).length % 2).toBe(0);
    const last = have.at(-1);
    if (last?.[1] === i) last[1]++;
    else have.push([i, i + 1]);
  }
  return { length, byteLength, fork, treeHash: hex(await log.treeHash()), have };
}

async function codeOf(promise: Promise<unknown>): Promise<string | null> {
  try {
    await promise;
    return null;
  } catch (error) {
    if (!isHypercoreError(error)) throw error;
    return error.code;
  }
}

describe('log: merkle vectors, on storage', () => {
  let crypto: CryptoBackend;
  const writers = new Map<string, Log>();

  beforeAll(async () => {
    crypto = await combinedCrypto();
  });

  async function writerOf(mode: Mode, length: number): Promise<Log> {
    const name = `${mode} ${length}`;
    const known = writers.get(name);
    if (known) return known;
    const manifest = decode(manifestCodec, unhex(merkle.encodedManifest));
    const log = await openLog({
      crypto,
      seed: unhex(merkle.seed),
      ...(mode === 'manifest' ? { manifest } : {}),
    });
    await log.append(Array.from({ length }, (_, i) => blockOf(i)));
    expect(hex(log.key)).toBe(merkle.keys[mode]);
    writers.set(name, log);
    return log;
  }

  async function readerOf(mode: Mode, received: readonly string[]): Promise<Log> {
    const log = await openLog({ crypto, key: unhex(merkle.keys[mode]) });
    for (const data of received) await log.core.receive(dataOf(data));
    return log;
  }

  it('answers with the same bytes, and comes to the same state', async () => {
    for (const { what, mode, steps } of merkle.chains) {
      const reader = await readerOf(mode, []);
      for (const [i, { writerLength, requestHex, data, after }] of steps.entries()) {
        const context = `${what}, ${mode}, step ${i}`;
        const answer = await (await writerOf(mode, writerLength)).core.prove(requestOf(requestHex));
        expect(answer && hex(encode(dataCodec, answer)))
          .withContext(context)
          .toBe(data);
        await reader.core.receive(dataOf(data));
        expect(await stateOf(reader))
          .withContext(context)
          .toEqual(after);
      }
      await reader.close();
    }
  });

  it('refuses what hypercore refuses, and is then as it was', async () => {
    for (const { chain, step, what, data, verdict, after } of merkle.altered) {
      const { mode, what: title, steps } = merkle.chains[chain];
      const context = `${title}, ${mode}, step ${step}, ${what}`;
      const reader = await readerOf(
        mode,
        steps.slice(0, step).map(one => one.data),
      );
      const before = await stateOf(reader);
      const code = await codeOf(reader.core.receive(dataOf(data)));
      const expected = either(verdict);
      expect(code)
        .withContext(context)
        .toBe(expected.ok ? null : codeFor(expected));
      if (code !== null)
        expect(await stateOf(reader))
          .withContext(context)
          .toEqual(before);
      else if (after)
        expect(await stateOf(reader))
          .withContext(context)
          .toEqual(after);
      await reader.close();
    }
  });

  it('treats what does not fit as hypercore does', async () => {
    for (const { what, mode, setup, data, verdict, after } of merkle.misfits) {
      const reader = await readerOf(mode, setup);
      const code = await codeOf(reader.core.receive(dataOf(data)));
      // An upgrade from nothing that ends within the log is compared with it, to find out about a conflict.
      const compared = what === 'older, shorter upgrade after the longer one';
      const expected = either(verdict);
      expect(code)
        .withContext(what)
        .toBe(expected.ok || compared ? null : codeFor(expected));
      expect(await stateOf(reader))
        .withContext(what)
        .toEqual(after);
      await reader.close();
    }
  });

  it('follows forks', async () => {
    for (const { mode, setup, steps, after, altered } of merkle.reorgs) {
      const reader = await readerOf(mode, setup);
      const before = await stateOf(reader);
      for (const { data, verdict } of altered) {
        expect(await codeOf(reader.core.reorg(dataOf(data)))).toBe(codeFor(either(verdict)));
        expect(await stateOf(reader)).toEqual(before);
      }
      const reorg = await reader.core.reorg(dataOf(steps[0].data));
      for (const [i, { data, ancestors, finished }] of steps.entries()) {
        if (i > 0) await reorg.add(dataOf(data));
        expect(reorg.ancestors).toBe(ancestors);
        expect(reorg.wanted === null).toBe(finished);
      }
      await reorg.commit();
      expect(await stateOf(reader)).toEqual(after);
      await reader.close();
    }
  });

  it('reports conflicts, and goes on where there is none', async () => {
    for (const { what, mode, setup, data, result } of merkle.conflicts) {
      const reader = await readerOf(mode, setup);
      const before = await stateOf(reader);
      const { conflict } = either(result);
      const code = await codeOf(reader.core.receive(dataOf(data)));
      if (conflict) expect(code).withContext(what).toBe('ERR_CONFLICT');
      else expect(code).withContext(what).not.toBe('ERR_CONFLICT');
      expect(await stateOf(reader))
        .withContext(what)
        .toEqual(before);
      await reader.close();
    }
  });
});
