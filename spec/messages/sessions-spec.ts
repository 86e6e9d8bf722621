import { from } from 'rxjs';
import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import { decode } from '../../lib/encoding/decode.js';
import { encode } from '../../lib/encoding/encode.js';
import { isHypercoreError } from '../../lib/errors.js';
import { replicationCapability } from '../../lib/keys/capability.js';
import { defaultLimits } from '../../lib/limits.js';
import { decodeMessages } from '../../lib/messages/decodeMessages.js';
import { encodeMessages } from '../../lib/messages/encodeMessages.js';
import type { Message } from '../../lib/messages/Message.js';
import { decodeOpen, openCodec } from '../../lib/messages/open.js';
import { HYPERCORE_PROTOCOL } from '../../lib/messages/protocolName.js';
import { messageCodecs, wireTypeOf } from '../../lib/messages/wireTypes.js';
import type { Packet } from '../../lib/mux/Packet.js';
import { readPayload } from '../../lib/mux/PayloadReader.js';
import { ascii, hex, unhex } from '../helpers/bytes.js';
import { comparable } from '../helpers/marbles.js';
import mixedFile from '../vectors/sessions-mixed.json' with { type: 'json' };
import file10 from '../vectors/sessions-v10.json' with { type: 'json' };
import file11 from '../vectors/sessions-v11.json' with { type: 'json' };
import { typeOf } from './vectorMessages.js';

type Side = 'initiator' | 'responder';
interface Frame {
  n: number;
  from: Side;
  hex: string;
  is: string;
}
interface Event {
  side: Side;
  event: string;
  error?: string;
  name?: string;
  message?: string;
}
interface Core {
  key: string;
  discoveryKey: string;
}
interface Session {
  name: string;
  handshakeHash: string;
  core?: Core;
  cores?: Core[];
  initiatorCore?: Core;
  responderCore?: Core;
  log: (Frame | Event)[];
}
const sessions = [file10, file11, mixedFile].flatMap(file => (file as { sessions: Session[] }).sessions);

const isFrame = (entry: Frame | Event): entry is Frame => 'hex' in entry;

/** The packets of a payload, as the operators of the layer below hand them on. */
function packetsOf(payload: Uint8Array): Packet[] {
  const packets: Packet[] = [];
  readPayload(
    payload,
    {
      open: (channel, protocol, id, buffer, start, end) =>
        packets.push({ type: 'open', channel, protocol, id, handshake: buffer.subarray(start, end) }),
      reject: channel => packets.push({ type: 'reject', channel }),
      close: channel => packets.push({ type: 'close', channel }),
      message: (channel, messageType, buffer, start, end) =>
        packets.push({ type: 'message', channel, messageType, body: buffer.subarray(start, end) }),
    },
    defaultLimits,
  );
  return packets;
}

/** Every packet of a session with the frame it came in. */
const packetsIn = (session: Session): [Frame, Packet][] =>
  session.log
    .filter(isFrame)
    .flatMap(frame => packetsOf(unhex(frame.hex)).map(packet => [frame, packet] as [Frame, Packet]));

/** The kinds of packet that the recorder saw in a frame, e.g. `batch(1:sync 1:range)`. */
const summary = (is: string): string[] =>
  [...is.matchAll(/(?:\d+:)?([a-zA-Z]+)/g)].map(([, word]) => word).filter(word => word !== 'batch');

const kindOf = (packet: Packet): string =>
  packet.type === 'message' ? decode(messageCodecs[packet.messageType], packet.body).type : packet.type;

/** Frames that the remote refused: their content cannot be read. */
const isCutShort = ({ name }: Session, frame: Frame): boolean =>
  name === 'o-truncated-message' && frame.n === 3;

describe('recorded sessions', () => {
  it('every frame is read down to typed messages, and every message written back to the same bytes', () => {
    const seen: Record<string, number> = {};
    let frames = 0;
    for (const session of sessions) {
      for (const frame of session.log.filter(isFrame)) {
        if (isCutShort(session, frame)) continue;
        frames++;
        const packets = packetsOf(unhex(frame.hex));
        expect(packets.map(kindOf))
          .withContext(`${session.name} ${frame.n}`)
          .toEqual(summary(frame.is).map(word => (word in kinds ? word : typeOf(word))));
        for (const packet of packets) {
          if (packet.type !== 'message') continue;
          const message = decode(messageCodecs[packet.messageType], packet.body);
          seen[message.type] = (seen[message.type] ?? 0) + 1;
          expect(wireTypeOf(message.type)).toBe(packet.messageType);
          expect(hex(encode(messageCodecs[packet.messageType], message)) === hex(packet.body))
            .withContext(`${session.name} ${frame.n} ${message.type}`)
            .toBeTrue();
        }
      }
    }
    expect(frames).toBe(5254);
    expect(Object.keys(seen).sort()).toEqual(
      ['bitfield', 'cancel', 'data', 'extension', 'noData', 'range', 'request', 'synchronize', 'want'].sort(),
    );
  });

  it('every open proves the key with the capability that belongs to its side, but for those that were refused', () => {
    const verdicts: Record<string, number> = { right: 0, wrong: 0, none: 0 };
    for (const session of sessions) {
      const cores = [session.core, session.initiatorCore, session.responderCore, ...(session.cores ?? [])];
      const keys = new Map(cores.flatMap(core => (core ? [[core.discoveryKey, core.key]] : [])));
      const refused = session.log.some(entry => !isFrame(entry) && entry.event === 'stream-error');
      for (const [{ from: side }, packet] of packetsIn(session)) {
        if (packet.type !== 'open') continue;
        expect(packet.protocol).toBe(HYPERCORE_PROTOCOL);
        const open = decodeOpen(packet.handshake);
        if (open === null) {
          expect(session.name).toBe('o-message-without-handshake');
          expect(refused).toBeTrue();
          verdicts['none']++;
          continue;
        }
        const expected = replicationCapability(portableCrypto, {
          isInitiator: side === 'initiator',
          handshakeHash: unhex(session.handshakeHash),
          key: unhex(keys.get(hex(packet.id!))!),
        });
        const right = portableCrypto.equal(open.capability, expected);
        verdicts[right ? 'right' : 'wrong']++;
        if (!right) {
          expect(session.name).toMatch(/^o-(wrong|reflected)-capability$/);
          expect(refused).toBeTrue();
        }
        expect(open.seeks).toBeTrue();
        expect(hex(encode(openCodec, open))).toBe(hex(packet.handshake));
      }
    }
    expect(verdicts).toEqual({ right: 116, wrong: 4, none: 2 });
  });

  it('what a bare peer cut short is refused where hypercore destroyed the stream', () => {
    let refused = 0;
    for (const session of sessions.filter(({ name }) => name.startsWith('o-'))) {
      const errors: unknown[] = [];
      for (const side of ['initiator', 'responder'] as Side[]) {
        const packets = packetsIn(session).filter(([frame]) => frame.from === side);
        from(packets.map(([, packet]) => packet))
          .pipe(decodeMessages())
          .subscribe({ error: (error: unknown) => errors.push(error) });
      }
      if (session.name === 'o-truncated-message') {
        expect(errors.map(error => isHypercoreError(error) && error.code)).toEqual(['ERR_OUT_OF_BOUNDS']);
        refused++;
      } else expect(errors).withContext(session.name).toEqual([]);
    }
    expect(refused).toBe(2);
  });

  it('extensions have the names and payloads that the application sent, and are written back shortened', () => {
    let extensions = 0;
    for (const session of sessions.filter(({ name }) => name === 'g-extensions')) {
      for (const side of ['initiator', 'responder'] as Side[]) {
        const packets = packetsIn(session)
          .filter(([frame]) => frame.from === side)
          .map(([, packet]) => packet);
        const messages: Message[] = [];
        from(packets)
          .pipe(decodeMessages())
          .subscribe(message => messages.push(message));
        const sent = session.log.filter(
          (entry): entry is Event =>
            !isFrame(entry) && entry.event === 'call' && entry.side === side && 'name' in entry,
        );
        const received = messages.flatMap(message => (message.type === 'extension' ? [message] : []));
        expect(received.map(({ name }) => name)).toEqual(sent.map(({ name }) => name!));
        expect(received.map(({ payload }) => hex(payload))).toEqual(
          sent.map(({ message }) => payloadOf(message!)),
        );
        extensions += received.length;

        const written: Packet[] = [];
        from(messages)
          .pipe(encodeMessages())
          .subscribe(packet => written.push(packet));
        expect(comparable(written)).toEqual(comparable(packets.filter(({ type }) => type === 'message')));
      }
    }
    expect(extensions).toBe(16);
  });
});

const kinds = { open: true, reject: true, close: true };

/** Events give an extension's message as hex or as the text that was sent. */
const payloadOf = (message: string): string =>
  /^([0-9a-f]{2})*$/.test(message) ? message : hex(ascii(message));
