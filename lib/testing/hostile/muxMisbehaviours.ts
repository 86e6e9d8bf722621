import type { Limits } from '../../limits.js';
import { HYPERCORE_PROTOCOL } from '../../messages/protocolName.js';
import type { HostilePeer } from './HostilePeer.js';
import type { Misbehaviour, Verdict } from './Misbehaviour.js';
import { joinBytes, rawBatch, rawClose, rawMessage, rawOpen, rawReject, rawUint } from './rawPackets.js';

const nothing: Verdict = { ends: 'nothing', code: null };
const badOpen: Verdict = { ends: 'connection', code: 'ERR_MUX_OPEN' };
const badBatch: Verdict = { ends: 'connection', code: 'ERR_MUX_BATCH' };
const truncated: Verdict = { ends: 'connection', code: 'ERR_OUT_OF_BOUNDS' };

const over = (limit: keyof Limits): Verdict => ({
  ends: 'connection',
  code: 'ERR_LIMIT_EXCEEDED',
  limit,
});

/** The discovery key of no core, a different one for each number. */
function strangeKey(number: number): Uint8Array {
  const key = new Uint8Array(32).fill(0xee);
  new DataView(key.buffer).setUint32(0, number);
  return key;
}

const strangeOpen = (channel: number, number = channel): Uint8Array =>
  rawOpen(channel, { protocol: HYPERCORE_PROTOCOL, id: strangeKey(number) });

/** A payload as an item of a batch on channel 0. */
const item = (payload: Uint8Array): Uint8Array => payload.subarray(1);

/** One batch with items of several channels: `[channel, item]`. */
function mixed(items: readonly (readonly [number, Uint8Array])[]): Uint8Array {
  const parts = [rawBatch(1, [])];
  for (const [channel, bytes] of items) {
    parts.push(Uint8Array.of(0), rawUint(channel), rawUint(bytes.length), bytes);
  }
  return joinBytes(...parts);
}

/** Batches in batches, `depth` of them; a batch without a batch in it has depth 1. */
function nested(depth: number): Uint8Array {
  let batch = rawBatch(0, [item(rawClose(1000))]);
  for (let i = 1; i < depth; i++) batch = rawBatch(0, [item(batch)]);
  return batch;
}

const many = (count: number, send: (number: number) => void): void => {
  for (let i = 1; i <= count; i++) send(i);
};

const says =
  (...payloads: readonly Uint8Array[]) =>
  (peer: HostilePeer): void =>
    peer.payload(...payloads);

/** In what manages channels. They know no key, and need none. @internal */
export function muxMisbehaviours(limits: Limits): Misbehaviour[] {
  const { maxBatchItems, maxBatchDepth, maxUnansweredOpens, maxFailedOpens, maxNameBytes } = limits;
  const { maxEarlyMessages, maxTotalEarlyMessages, maxChannelEarlyBytes, maxEarlyBytes } = limits;
  const list: Omit<Misbehaviour, 'phase'>[] = [
    {
      name: 'channel 0',
      does: 'opens a channel under the number of the control session',
      expected: badOpen,
      opened: says(strangeOpen(0)),
    },
    {
      name: 'id used twice',
      does: 'opens a channel under an id that is open',
      expected: badOpen,
      opened: says(strangeOpen(1), strangeOpen(1, 2)),
    },
    {
      name: 'id left out',
      does: 'opens its first channel under the id 2',
      expected: badOpen,
      opened: says(strangeOpen(2)),
    },
    {
      name: 'reject of nothing',
      does: 'refuses a channel that its victim never opened',
      expected: { ends: 'connection', code: 'ERR_MUX_REJECT' },
      opened: says(rawReject(60_000)),
    },
    {
      name: 'batch of nothing',
      does: 'sends the beginning of a batch that names no channel',
      expected: badBatch,
      opened: says(Uint8Array.of(0, 0)),
    },
    {
      name: 'batch cut short',
      does: 'ends a batch inside the length of an item',
      expected: badBatch,
      opened: says(joinBytes(rawBatch(1, []), Uint8Array.of(0xfd, 1))),
    },
    {
      name: 'item too long',
      does: 'sends an item longer than its batch',
      expected: badBatch,
      opened: says(joinBytes(rawBatch(1, []), rawUint(5), new Uint8Array(4))),
    },
    {
      name: 'items without end',
      does: 'sends one item more than a batch may have',
      expected: over('maxBatchItems'),
      opened: peer => {
        const head = rawBatch(1000, []);
        const batch = new Uint8Array(head.length + 2 * (maxBatchItems + 1));
        batch.set(head);
        for (let at = head.length; at < batch.length; at += 2) batch[at] = 1;
        peer.payload(batch);
      },
    },
    {
      name: 'batches in batches',
      does: 'sends batches nested one deeper than they may be',
      expected: over('maxBatchDepth'),
      opened: says(nested(maxBatchDepth + 1)),
    },
    {
      name: 'batches without end',
      does: 'sends batches nested a thousand deep',
      expected: over('maxBatchDepth'),
      opened: says(nested(Math.max(1000, maxBatchDepth + 1))),
    },
    {
      name: 'garbage payload',
      does: 'encrypts a payload that makes no sense',
      expected: { ends: 'connection', code: 'ERR_BAD_VALUE' },
      opened: says(new Uint8Array(100).fill(0xff)),
    },
    {
      name: 'packet cut short',
      does: 'sends a packet without a type',
      expected: truncated,
      opened: says(Uint8Array.of(1)),
    },
    {
      name: 'name cut short',
      does: 'announces a longer protocol name than the packet has room for',
      expected: truncated,
      opened: says(joinBytes(Uint8Array.of(0, 1, 1), rawUint(0xffffffff), new Uint8Array(4))),
    },
    {
      name: 'number too large',
      does: 'names a channel with a number that is no exact double',
      expected: { ends: 'connection', code: 'ERR_BAD_VALUE' },
      opened: says(joinBytes(rawUint(2 ** 53), Uint8Array.of(0))),
    },
    {
      name: 'flood of opens',
      does: 'opens one channel more than may wait for an answer',
      expected: over('maxUnansweredOpens'),
      opened: peer => many(maxUnansweredOpens + 1, number => peer.payload(strangeOpen(number))),
    },
    {
      name: 'flood of opens in a batch',
      does: 'opens one channel more than may wait for an answer, all at once',
      expected: over('maxUnansweredOpens'),
      opened: peer => {
        const items: Uint8Array[] = [];
        many(maxUnansweredOpens + 1, number => items.push(item(strangeOpen(number))));
        peer.payload(rawBatch(0, items));
      },
    },
    {
      name: 'unknown protocols',
      does: 'opens channels that its victim does not speak, as many as it may',
      expected: nothing,
      opened: peer =>
        many(Math.min(1000, maxFailedOpens), number =>
          peer.payload(rawOpen(number, { protocol: `p${number}` })),
        ),
    },
    {
      name: 'flood of unknown protocols',
      does: 'has one channel more refused than it may',
      expected: over('maxFailedOpens'),
      opened: peer =>
        many(maxFailedOpens + 1, number => peer.payload(rawOpen(number, { protocol: `p${number}` }))),
    },
    {
      name: 'endless protocol name',
      does: 'opens a channel with a longer name than it may have',
      expected: over('maxNameBytes'),
      opened: says(rawOpen(1, { protocol: 'p'.repeat(maxNameBytes + 1) })),
    },
    {
      name: 'endless id',
      does: 'opens a channel with a longer id than it may have',
      expected: over('maxNameBytes'),
      opened: says(rawOpen(1, { protocol: HYPERCORE_PROTOCOL, id: new Uint8Array(maxNameBytes + 1) })),
    },
    {
      name: 'huge open',
      does: 'opens a channel whose handshake is as long as all that may wait',
      expected: over('maxEarlyBytes'),
      opened: peer => {
        const handshake = new Uint8Array(600 + maxEarlyBytes);
        peer.payload(rawOpen(1, { protocol: HYPERCORE_PROTOCOL, id: strangeKey(1), handshake }));
      },
    },
    {
      name: 'flood of early messages',
      does: 'sends one message more than may wait for a channel to be opened',
      expected: over('maxEarlyMessages'),
      opened: says(
        strangeOpen(1),
        rawBatch(
          1,
          Array.from({ length: maxEarlyMessages + 1 }, () => Uint8Array.of(0)),
        ),
      ),
    },
    {
      name: 'flood of early messages on many channels',
      does: 'sends one message more than may wait for all channels together',
      expected: over('maxTotalEarlyMessages'),
      opened: peer => {
        const channels = Math.ceil((maxTotalEarlyMessages + 1) / maxEarlyMessages);
        many(channels, number => peer.payload(strangeOpen(number)));
        const items = Array.from({ length: maxTotalEarlyMessages + 1 }, (_, i) => i % channels);
        peer.payload(mixed(items.map(i => [i + 1, Uint8Array.of(0)])));
      },
    },
    {
      name: 'flood of early bytes',
      does: 'sends more bytes than may wait for a channel to be opened',
      expected: over(maxChannelEarlyBytes > maxEarlyBytes ? 'maxEarlyBytes' : 'maxChannelEarlyBytes'),
      opened: peer => {
        const body = new Uint8Array(Math.min(maxChannelEarlyBytes, maxEarlyBytes));
        peer.payload(strangeOpen(1), rawMessage(1, 0, body));
      },
    },
    {
      name: 'flood of early bytes on many channels',
      does: 'sends more bytes than may wait for all channels together',
      expected: over('maxEarlyBytes'),
      opened: peer => {
        // In thirds, for a channel may have as much as all together.
        const third = new Uint8Array(1 + Math.ceil(maxEarlyBytes / 3));
        peer.payload(strangeOpen(1), strangeOpen(2), strangeOpen(3));
        peer.payload(mixed([1, 2, 3].map(channel => [channel, third])));
      },
    },
    {
      name: 'close storm',
      does: 'opens and closes the same channel a thousand times',
      expected: nothing,
      opened: peer => many(1000, number => peer.payload(strangeOpen(1, number), rawClose(1))),
    },
    {
      name: 'closes of nothing',
      does: 'closes and talks on channels that were never opened',
      expected: nothing,
      opened: peer =>
        many(1024, number => peer.payload(rawClose(number), rawMessage(number, 0, new Uint8Array(8)))),
    },
    {
      name: 'unknown control',
      does: 'sends kinds of control packets that there are not',
      expected: nothing,
      opened: peer => many(250, number => peer.payload(Uint8Array.of(0, 3 + number, 1, 2, 3))),
    },
  ];
  return list.map(entry => ({ ...entry, phase: 'open' }));
}
