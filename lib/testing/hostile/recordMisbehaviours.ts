import { RECORD_OVERHEAD } from '../../crypto/CryptoBackend.js';
import { encodeFrame, HIGHEST_FRAME_BYTES } from '../../framing/encodeFrame.js';
import type { Limits } from '../../limits.js';
import type { Misbehaviour, Verdict } from './Misbehaviour.js';

const undecipherable: Verdict = { ends: 'connection', code: 'ERR_DECRYPT_FAILED' };

/** Anything that is a payload, and harmless. */
const harmless = (): Uint8Array => Uint8Array.of(1, 0);

/** In the frames and records of an open session. @internal */
export function recordMisbehaviours(limits: Limits): Misbehaviour[] {
  const { maxFrameBytes, maxPayloadBytes, idleTimeoutMs } = limits;
  const list: Omit<Misbehaviour, 'phase'>[] = [
    {
      name: 'garbage record',
      does: 'sends a record that nobody encrypted',
      expected: undecipherable,
      opened: peer => peer.frame(new Uint8Array(100).fill(0x5a)),
    },
    {
      name: 'record altered',
      does: 'changes one bit of a record',
      expected: undecipherable,
      opened: peer => {
        const record = peer.seal(harmless());
        record[1] ^= 1;
        peer.frame(record);
      },
    },
    {
      name: 'record cut short',
      does: 'sends a record too short to hold a tag and a MAC',
      expected: undecipherable,
      opened: peer => peer.frame(peer.seal(new Uint8Array(0)).slice(0, -1)),
    },
    {
      name: 'record replayed',
      does: 'sends the same record twice',
      expected: undecipherable,
      opened: peer => {
        const record = peer.seal(harmless());
        peer.frame(record);
        peer.frame(record);
      },
    },
    {
      name: 'records reordered',
      does: 'sends the second record before the first',
      expected: undecipherable,
      opened: peer => {
        const first = peer.seal(harmless());
        peer.frame(peer.seal(harmless()));
        peer.frame(first);
      },
    },
    {
      name: 'record left out',
      does: 'keeps a record to itself and sends the next',
      expected: undecipherable,
      opened: peer => {
        peer.seal(harmless());
        peer.payload(harmless());
      },
    },
    {
      name: 'record of the other direction',
      does: 'encrypts as its victim does',
      expected: undecipherable,
      opened: peer => {
        const push = peer.crypto.secretStreamPush(peer.session.rx, new Uint8Array(24));
        const record = new Uint8Array(20);
        push.seal(record, 0, record.length);
        peer.frame(record);
      },
    },
    {
      name: 'empty frame',
      does: 'sends a frame without a body',
      expected: { ends: 'connection', code: 'ERR_FRAME_EMPTY' },
      opened: peer => peer.frame(new Uint8Array(0)),
    },
    {
      name: 'frame announced',
      does: 'announces the largest frame there may be, sends a byte of it and falls silent',
      expected: { ends: 'connection', code: 'ERR_TIMEOUT' },
      opened: peer => {
        peer.announce(maxFrameBytes);
        peer.bytes(new Uint8Array(1));
      },
    },
    {
      name: 'frame dripped',
      does: 'sends a large frame, a byte just before each time that its silence would be too long',
      expected: { ends: 'nothing', code: null },
      opened: peer => {
        peer.announce(maxFrameBytes);
        return peer.drip(new Uint8Array(20), { everyMs: Math.max(1, idleTimeoutMs - 1) });
      },
    },
    {
      name: 'end in a record',
      does: 'ends in the middle of a record',
      expected: { ends: 'connection', code: 'ERR_FRAME_TRUNCATED' },
      opened: peer => {
        peer.bytes(encodeFrame(peer.seal(harmless())).slice(0, -1));
        peer.end();
      },
    },
    {
      name: 'cut in a record',
      does: 'cuts the connection in the middle of a record',
      expected: { ends: 'connection', code: 'ERR_TRANSPORT_FAILED' },
      opened: peer => {
        peer.bytes(encodeFrame(peer.seal(harmless())).slice(0, -1));
        peer.cut();
      },
    },
    {
      name: 'records of nothing',
      does: 'sends a thousand records without a byte in them',
      expected: { ends: 'nothing', code: null },
      opened: peer => {
        for (let i = 0; i < 1000; i++) peer.payload(new Uint8Array(0));
      },
    },
  ];
  if (maxPayloadBytes + RECORD_OVERHEAD < maxFrameBytes) {
    list.push({
      name: 'payload too large',
      does: 'sends a payload with one byte more than it may have',
      expected: { ends: 'connection', code: 'ERR_LIMIT_EXCEEDED', limit: 'maxPayloadBytes' },
      opened: peer => peer.payload(new Uint8Array(maxPayloadBytes + 1)),
    });
  }
  if (maxFrameBytes < HIGHEST_FRAME_BYTES) {
    list.push({
      name: 'frame too large',
      does: 'announces one byte more than a frame may have',
      expected: { ends: 'connection', code: 'ERR_FRAME_TOO_LARGE' },
      opened: peer => peer.announce(maxFrameBytes + 1),
    });
  }
  return list.map(entry => ({ ...entry, phase: 'open' }));
}
