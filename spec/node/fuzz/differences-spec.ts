import { readFileSync } from 'node:fs';
import { uint } from '../../../lib/encoding/uint.js';
import { text } from '../../../lib/encoding/text.js';
import { bytes } from '../../../lib/encoding/bytes.js';
import type { Codec } from '../../../lib/encoding/Codec.js';
import type { MessageType } from '../../../lib/messages/Message.js';
import { MuxState } from '../../../lib/mux/MuxState.js';
import { rawBatch } from '../../../lib/testing/hostile/rawPackets.js';
import { concat, hex, unhex } from '../../helpers/bytes.js';
import { comparable } from '../../helpers/marbles.js';
import { pairs } from '../encoding/compactPairs.js';
import { ourCodec, read, theirCodec } from '../messages/officialMessages.js';
import { officialProtomux, settled } from '../mux/OfficialProtomux.js';

/** What this library, hypercore 10 and hypercore 11 make of the same bytes: fields of the value, or the start of an error. */
interface Reading {
  readonly type: MessageType;
  readonly wire: string;
  readonly ours: Outcome;
  readonly ten: Outcome;
  readonly eleven: Outcome;
}

type Outcome = string | Readonly<Record<string, unknown>>;

const readingsOf: Record<string, readonly Reading[]> = {
  'Integers above 2^53 - 1': [
    {
      type: 'cancel',
      wire: 'ffffffffffffffffff',
      ours: 'ERR_BAD_VALUE',
      ten: { request: 2 ** 64 },
      eleven: 'Error: uint must be',
    },
  ],
  'Flags behind want, unwant and noData': [
    { type: 'want', wire: '002001', ours: { any: true }, ten: { any: undefined }, eleven: { any: true } },
    { type: 'unwant', wire: '002001', ours: { any: true }, ten: { any: undefined }, eleven: { any: true } },
    {
      type: 'noData',
      wire: '050107',
      ours: { reason: 7 },
      ten: { reason: undefined },
      eleven: { reason: 7 },
    },
    {
      type: 'noData',
      wire: '0501',
      ours: 'ERR_OUT_OF_BOUNDS',
      ten: { request: 5 },
      eleven: 'Error: Out of bounds',
    },
  ],
  'The reason of a noData that has none': [
    { type: 'noData', wire: '05', ours: { reason: null }, ten: { reason: undefined }, eleven: { reason: 0 } },
  ],
  'A request that ends with a seek without padding': [
    {
      type: 'request',
      wire: '04010005',
      ours: { seek: { bytes: 5, padding: 0 } },
      ten: 'Error: Out of bounds',
      eleven: 'Error: Out of bounds',
    },
  ],
  'Manifests of version 2 and 3': [
    {
      type: 'data',
      wire: '100100' + '0200000000',
      ours: { manifest: manifest(2) },
      ten: 'Error: Unknown version: 2',
      eleven: { manifest: manifest(2) },
    },
    {
      type: 'data',
      wire: '100100' + '0300000000',
      ours: { manifest: manifest(3) },
      ten: 'Error: Unknown version: 3',
      eleven: { manifest: manifest(3) },
    },
  ],
  'Linked cores and user data of a manifest': [
    {
      type: 'data',
      wire: '100100' + '0104000000' + '01' + '22'.repeat(32),
      ours: { manifest: { ...manifest(1), linked: [hex(new Uint8Array(32).fill(0x22))] } },
      ten: { manifest: known10(manifest(1)) },
      eleven: { manifest: { ...manifest(1), linked: [hex(new Uint8Array(32).fill(0x22))] } },
    },
    {
      type: 'data',
      wire: '100100' + '0108000000' + '0161',
      ours: { manifest: { ...manifest(1), userData: '61' } },
      ten: { manifest: known10(manifest(1)) },
      eleven: { manifest: { ...manifest(1), userData: '61' } },
    },
  ],
  'Messages within the bytes, beyond a limit': [
    {
      type: 'data',
      wire: '020100' + '06' + 'fd0104' + '000001'.padEnd(68, '0').repeat(1025),
      ours: 'ERR_LIMIT_EXCEEDED',
      ten: { request: 1 },
      eleven: { request: 1 },
    },
    {
      type: 'extension',
      wire: 'fd0104' + '61'.repeat(1025),
      ours: 'ERR_LIMIT_EXCEEDED',
      ten: { name: 'a'.repeat(1025) },
      eleven: { name: 'a'.repeat(1025) },
    },
  ],
};

function manifest(version: number): Record<string, unknown> {
  const fixed = { version, hash: 'blake2b', allowPatch: false, quorum: 0, signers: [] };
  return { ...fixed, prologue: null, linked: null, userData: null };
}

function known10({ linked: _linked, userData: _userData, ...known }: Record<string, unknown>): unknown {
  return known;
}

/** The fields that the outcome names, bytes as hex. */
function outcomeOf(codec: Codec<unknown>, wire: Uint8Array, like: Outcome): Outcome {
  const { value, error } = read(codec, wire);
  if (error !== undefined) {
    const { code, message } = error as Error & { readonly code?: string };
    return (code ?? `Error: ${message}`).slice(0, like.length as number);
  }
  const fields = value as Record<string, unknown>;
  const names = typeof like === 'string' ? Object.keys(fields) : Object.keys(like);
  return Object.fromEntries(names.map(name => [name, plain(fields[name])]));
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return hex(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}

/** What both multiplexers make of payloads on a channel of one text: what is received, and whether the stream is over. */
async function heard(...payloads: Uint8Array[]): Promise<{ ours: string[]; theirs: string[] }> {
  const open = unhex('000101017000');
  const theirs: string[] = [];
  const { mux, link, errors } = officialProtomux();
  link.subscribe({ error: () => undefined });
  mux
    .createChannel({
      protocol: 'p',
      messages: [{ encoding: text, onmessage: value => theirs.push(String(value)) }],
    })!
    .open();
  await settled();
  for (const payload of [open, ...payloads]) link.next(payload);
  await settled();
  theirs.push(...errors.map(String));

  const ours: string[] = [];
  const state = new MuxState({ output: { payload: () => undefined } });
  state
    .createChannel({
      protocol: 'p',
      messages: [text as never],
      handlers: { onmessage: (_type, value) => ours.push(String(value)) },
    })!
    .open();
  try {
    for (const payload of [open, ...payloads]) state.receive(payload);
  } catch (error) {
    ours.push((error as { code: string }).code);
  }
  return { ours, theirs };
}

const message = unhex('000161');
const nested = (depth: number): Uint8Array => {
  let batch = rawBatch(1, [message]);
  for (let i = 1; i < depth; i++) batch = rawBatch(0, [batch.subarray(1)]);
  return batch;
};

const ofMultiplexers: Record<string, () => Promise<void>> = {
  'Items that run past the end of their batch': async () => {
    const lying = concat(rawBatch(1, []), unhex('05'), message);
    expect(await heard(lying)).toEqual({ ours: ['ERR_MUX_BATCH'], theirs: ['a'] });
    expect(await heard(rawBatch(1, [message]))).toEqual({ ours: ['a'], theirs: ['a'] });
  },
  'Batches nested more than four deep': async () => {
    expect(await heard(nested(4))).toEqual({ ours: ['a'], theirs: ['a'] });
    expect(await heard(nested(5))).toEqual({ ours: ['ERR_LIMIT_EXCEEDED'], theirs: ['a'] });
  },
  'An open under the number 0': async () => {
    const { ours, theirs } = await heard(unhex('000100017100'));
    expect(ours).toEqual(['ERR_MUX_OPEN']);
    expect(theirs.length).toBe(1);
    expect(theirs[0]).toMatch(/^Error: uint must be/); // it fails over answering it
  },
};

const ofCodecs: Record<string, () => void> = {
  'Words that run past the end of their window': () => {
    // A message in a batch: two words are announced, one and a half are the message's own.
    const buffer = unhex('02' + '01000000' + '02000000' + 'ffffffff');
    const { ours, theirs } = pairs['uint32Array'];
    const window = (codec: Codec<never>): unknown => {
      try {
        return [...(codec.decode({ start: 0, end: 7, buffer }) as Uint32Array)];
      } catch (error) {
        return (error as { code?: string }).code;
      }
    };
    expect(window(ours)).toBe('ERR_OUT_OF_BOUNDS');
    expect(window(theirs)).toEqual([1, 2]);
  },
  'Bytes are plain Uint8Arrays': () => {
    const buffer = Buffer.from('020102', 'hex');
    const ours = bytes.decode({ start: 0, end: 3, buffer });
    const theirs = pairs['bytes'].theirs.decode({ start: 0, end: 3, buffer }) as Uint8Array;
    expect(comparable(ours)).toEqual(comparable(theirs));
    expect([Buffer.isBuffer(ours), Buffer.isBuffer(theirs)]).toEqual([false, true]);
  },
  'Errors have codes': () => {
    for (const codec of [uint, pairs['uint'].theirs] as Codec<unknown>[]) {
      const { error } = read(codec, new Uint8Array(0));
      expect((error as { code?: string }).code).toBe(codec === uint ? 'ERR_OUT_OF_BOUNDS' : undefined);
    }
  },
};

describe('a difference from the official decoders', () => {
  for (const [title, readings] of Object.entries(readingsOf)) {
    it(title, () => {
      for (const { type, wire, ours, ten, eleven } of readings) {
        const input = unhex(wire);
        const made = [
          outcomeOf(ourCodec(type), input, ours),
          outcomeOf(theirCodec(10, type), input, ten),
          outcomeOf(theirCodec(11, type), input, eleven),
        ];
        expect(made)
          .withContext(`${type} ${wire.slice(0, 80)}`)
          .toEqual([ours, ten, eleven]);
      }
    });
  }
  for (const [title, show] of [...Object.entries(ofCodecs), ...Object.entries(ofMultiplexers)])
    it(title, show);

  it('has its place in the documentation, and there are no others', () => {
    const page = readFileSync('docs/hostile-peers.md', 'utf8');
    const section = /## What we read differently\n([\s\S]*?)(?=\n## |$)/.exec(page)?.[1] ?? '';
    const listed = [...section.matchAll(/^- \*\*(.+?)\.\*\*/gm)].map(([, title]) => title);
    const titles = [readingsOf, ofCodecs, ofMultiplexers].flatMap(group => Object.keys(group));
    expect(listed.sort()).toEqual(titles.sort());
  });
});
