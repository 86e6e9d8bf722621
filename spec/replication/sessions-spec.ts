import { decode } from '../../lib/encoding/decode.js';
import { defaultLimits } from '../../lib/limits.js';
import type { Message } from '../../lib/messages/Message.js';
import { messageCodecs } from '../../lib/messages/wireTypes.js';
import { readPayload } from '../../lib/mux/PayloadReader.js';
import { RemoteBlocks } from '../../lib/replication/RemoteBlocks.js';
import { RemoteCore } from '../../lib/replication/RemoteCore.js';
import { unhex } from '../helpers/bytes.js';
import mixedFile from '../vectors/sessions-mixed.json' with { type: 'json' };
import file10 from '../vectors/sessions-v10.json' with { type: 'json' };
import file11 from '../vectors/sessions-v11.json' with { type: 'json' };

type Side = 'initiator' | 'responder';
interface Frame {
  readonly n: number;
  readonly from: Side;
  /** Frames of the other side that had been read by then. */
  readonly seen: number;
  readonly hex: string;
}
interface Session {
  readonly name: string;
  readonly what: string;
  readonly hypercore: Record<Side, number>;
  readonly cores?: readonly unknown[];
  readonly log: readonly (Frame | { readonly side: Side })[];
}

/** One core, and peers that behave: what they ask for follows from what they were told. */
const sessions = [file10, file11, mixedFile]
  .flatMap(file => (file as { sessions: Session[] }).sessions)
  .filter(({ name, cores }) => cores === undefined && /^[a-fijlmn]-/.test(name));

/** The hypercore messages of a frame, in order. */
function messagesOf(frame: Frame): Message[] {
  const messages: Message[] = [];
  readPayload(
    unhex(frame.hex),
    {
      open: () => undefined,
      reject: () => undefined,
      close: () => undefined,
      message: (_channel, type, buffer, start, end) =>
        messages.push(decode(messageCodecs[type], buffer.subarray(start, end))),
    },
    defaultLimits,
  );
  return messages;
}

/** A real peer, followed: what it knew of the other side whenever it said something. */
class Follower {
  readonly remote = new RemoteCore();
  readonly blocks = new RemoteBlocks({ maxPages: 1024, maxRows: 256 });
  fork = 0;
  length = 0;
  upgrades = 0;
  requests = 0;

  get local() {
    return { fork: this.fork, length: this.length, hasManifest: false, allowPush: false };
  }

  hear(message: Message): void {
    if (message.type === 'synchronize') this.remote.receive(message, this.local);
    else if (message.type === 'range') this.blocks.setRange(message.start, message.length, !message.drop);
    else if (message.type === 'bitfield') this.blocks.setWords(message.start, message.bitfield);
  }

  say(message: Message): void {
    if (message.type === 'synchronize') {
      // Its acknowledgement was read with the fork and length that it had then.
      if (message.fork !== this.fork) this.remote.lengthAcked = 0;
      ({ fork: this.fork, length: this.length } = message);
    }
    if (message.type !== 'request' || message.id === 0 || message.fork !== this.fork) return;
    this.requests++;
    if (message.upgrade !== null) {
      this.upgrades++;
      expect(message.upgrade.start).toBe(this.length);
      expect(message.upgrade.length).toBe(this.remote.length - this.length);
      expect(this.remote.offersUpgrade(this.local)).withContext(`upgrade from ${this.length}`).toBe(true);
    }
    if (message.block !== null) {
      expect(this.blocks.has(message.block.index)).withContext(`block ${message.block.index}`).toBe(true);
    }
  }
}

describe('replication: what recorded peers did follows from what they knew', () => {
  let upgrades = 0;
  let requests = 0;

  for (const session of sessions) {
    const { initiator, responder } = session.hypercore;
    it(`${session.name}, hypercore ${initiator} and ${responder}`, () => {
      const frames = session.log.filter((entry): entry is Frame => 'hex' in entry);
      for (const side of ['initiator', 'responder'] as const) {
        const follower = new Follower();
        const incoming = frames.filter(({ from }) => from !== side);
        let read = 0;
        for (const frame of frames) {
          if (frame.from !== side) continue;
          for (; read < frame.seen; read++)
            for (const message of messagesOf(incoming[read])) follower.hear(message);
          for (const message of messagesOf(frame)) follower.say(message);
        }
        upgrades += follower.upgrades;
        requests += follower.requests;
      }
      expect(frames.length).toBeGreaterThan(0);
    });
  }

  afterAll(() => {
    expect(upgrades).toBeGreaterThan(30);
    expect(requests).toBeGreaterThan(1000);
  });
});
