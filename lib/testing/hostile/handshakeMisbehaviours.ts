import { NEVER } from 'rxjs';
import { encodeFrame } from '../../framing/encodeFrame.js';
import type { Limits } from '../../limits.js';
import { createStreamHeader } from '../../secret/streamHeader.js';
import type { Misbehaviour, Verdict } from './Misbehaviour.js';
import { joinBytes } from './rawPackets.js';

const failed: Verdict = { ends: 'connection', code: 'ERR_HANDSHAKE_FAILED' };
const late: Verdict = { ends: 'connection', code: 'ERR_TIMEOUT' };
const badHeader: Verdict = { ends: 'connection', code: 'ERR_STREAM_HEADER' };

const altered = (bytes: Uint8Array, at = bytes.length - 1): Uint8Array => {
  const copy = bytes.slice();
  copy[at] ^= 1;
  return copy;
};

/** The first message of XX has none: whatever is changed there is noticed by the next. */
const hasMac = (message: Uint8Array): boolean => message.length > 32;

/** Before and during the handshake, and in the header behind it. @internal */
export function handshakeMisbehaviours(limits: Limits): Misbehaviour[] {
  const { maxHandshakeFrameBytes, handshakeTimeoutMs } = limits;
  const list: Omit<Misbehaviour, 'phase'>[] = [
    {
      name: 'silence',
      does: 'connects and says nothing',
      expected: late,
      connected: () => NEVER,
    },
    {
      name: 'another protocol',
      does: 'talks HTTP',
      expected: { ends: 'connection', code: 'ERR_FOREIGN_PROTOCOL' },
      connected: peer => {
        const request = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';
        peer.bytes(Uint8Array.from(request, letter => letter.charCodeAt(0)));
        return NEVER;
      },
    },
    {
      name: 'handshake frame too large',
      does: 'announces one byte more than a handshake message may have',
      expected: { ends: 'connection', code: 'ERR_FRAME_TOO_LARGE' },
      connected: peer => {
        peer.announce(maxHandshakeFrameBytes + 1);
        return NEVER;
      },
    },
    {
      name: 'handshake frame announced',
      does: 'announces the longest handshake message there may be, and does not send it',
      expected: late,
      connected: peer => {
        peer.announce(maxHandshakeFrameBytes);
        return NEVER;
      },
    },
    {
      name: 'empty handshake frame',
      does: 'sends a frame without a body in place of a handshake message',
      expected: { ends: 'connection', code: 'ERR_FRAME_EMPTY' },
      handshake: peer => peer.frame(new Uint8Array(0)),
    },
    {
      name: 'garbage in the handshake',
      does: 'sends bytes of the right number that are no handshake message',
      expected: failed,
      handshake: (peer, message) => peer.frame(new Uint8Array(message.length).fill(0xff)),
    },
    {
      name: 'unsafe point',
      does: 'sends a point of small order as its ephemeral key',
      expected: failed,
      handshake: (peer, message, step) => {
        const unsafe = message.slice();
        if (step <= 2) unsafe.fill(0, 0, 32);
        peer.frame(unsafe);
      },
    },
    {
      name: 'handshake cut short',
      does: 'sends a handshake message that lacks its last byte',
      expected: failed,
      handshake: (peer, message) => peer.frame(message.slice(0, -1)),
    },
    {
      name: 'handshake altered',
      does: 'sends a handshake message with one bit changed in its MAC',
      expected: failed,
      handshake: (peer, message) => peer.frame(hasMac(message) ? altered(message) : message),
    },
    {
      name: 'handshake too long',
      does: 'adds a byte that nobody authenticated to a handshake message',
      expected: failed,
      handshake: (peer, message) =>
        peer.frame(hasMac(message) ? joinBytes(message, Uint8Array.of(0)) : message),
    },
    {
      name: 'handshake dripped',
      does: 'sends its handshake so slowly that the last byte comes too late',
      expected: late,
      handshake: (peer, message) => {
        const frame = encodeFrame(message);
        return peer.drip(frame, { everyMs: Math.ceil((handshakeTimeoutMs + 1) / frame.length) });
      },
    },
    {
      name: 'end before the handshake',
      does: 'connects and ends',
      expected: { ends: 'connection', code: 'ERR_TRANSPORT_CLOSED' },
      connected: peer => {
        peer.end();
        return NEVER;
      },
    },
    {
      name: 'end in the handshake',
      does: 'ends in the middle of a handshake message',
      expected: { ends: 'connection', code: 'ERR_FRAME_TRUNCATED' },
      handshake: (peer, message) => {
        peer.bytes(encodeFrame(message).slice(0, -1));
        peer.end();
        return NEVER;
      },
    },
    {
      name: 'no header',
      does: 'completes the handshake and then says nothing',
      expected: late,
      header: () => NEVER,
    },
    {
      name: 'header cut short',
      does: 'sends a stream header that lacks its last byte',
      expected: badHeader,
      header: (peer, header) => peer.frame(header.slice(0, -1)),
    },
    {
      name: 'header of another session',
      does: 'sends a stream header with another id',
      expected: badHeader,
      header: (peer, header) => peer.frame(altered(header, 0)),
    },
    {
      name: 'garbage in place of the header',
      does: 'sends bytes of the right number that are no stream header',
      expected: badHeader,
      header: (peer, header) => peer.frame(new Uint8Array(header.length).fill(0x5a)),
    },
    {
      name: 'header reflected',
      does: 'sends the stream header of the other direction, as if its victim talked to itself',
      expected: badHeader,
      header: (peer, header) => {
        const mirrored = { ...peer.session, initiator: !peer.initiator };
        peer.frame(createStreamHeader(peer.crypto, mirrored, header.subarray(32)));
      },
    },
    {
      name: 'header replayed',
      does: 'sends its stream header twice',
      expected: { ends: 'connection', code: 'ERR_DECRYPT_FAILED' },
      header: (peer, header) => {
        peer.frame(header);
        peer.frame(header);
      },
    },
    {
      name: 'record in place of the header',
      does: 'sends a record where the stream header belongs',
      expected: badHeader,
      header: peer => peer.payload(new Uint8Array(56 - 17)),
    },
    {
      name: 'header announced too large',
      does: 'announces a stream header larger than any handshake message',
      expected: { ends: 'connection', code: 'ERR_FRAME_TOO_LARGE' },
      header: peer => peer.announce(maxHandshakeFrameBytes + 1),
    },
    {
      name: 'header dripped',
      does: 'sends its stream header so slowly that the last byte comes too late',
      expected: late,
      header: (peer, header) => {
        peer.announce(header.length);
        return peer.drip(header, { everyMs: Math.ceil((handshakeTimeoutMs + 1) / header.length) });
      },
    },
  ];
  return list.map(entry => ({ ...entry, phase: entry.header === undefined ? 'handshake' : 'header' }));
}
