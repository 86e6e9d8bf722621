import { BehaviorSubject, firstValueFrom, Subject, Subscription, VirtualTimeScheduler } from 'rxjs';
import { Channel } from '../../lib/connection/Channel.js';
import { FrameTooLargeError } from '../../lib/errors.js';
import { encode } from '../../lib/encoding/encode.js';
import { openLog } from '../../lib/log/openLog.js';
import type { Log } from '../../lib/log/Log.js';
import type { Data } from '../../lib/messages/data.js';
import type { Message, MessageType } from '../../lib/messages/Message.js';
import { range } from '../../lib/messages/range.js';
import type { Request } from '../../lib/messages/request.js';
import { synchronize } from '../../lib/messages/synchronize.js';
import { messageCodecs } from '../../lib/messages/wireTypes.js';
import type { CoreEvent } from '../../lib/replication/CoreEvent.js';
import { CoreReplication } from '../../lib/replication/CoreReplication.js';
import { type ReplicationLimits, verifyReplicationLimits } from '../../lib/replication/ReplicationLimits.js';
import { Wish } from '../../lib/replication/Wish.js';
import { settle } from '../helpers/settle.js';

/** A writer's log with `count` blocks; block i is `size` bytes of i. */
export async function writtenLog(count: number, size = 20, seed = 7): Promise<Log> {
  const log = await openLog({ seed: new Uint8Array(32).fill(seed) });
  await log.append(Array.from({ length: count }, (_, index) => new Uint8Array(size).fill(index)));
  return log;
}

/** Has what a log is given wait to be stored until the result emits. */
export function heldStorage({ core }: Log): Subject<void> {
  const stored = new Subject<void>();
  const receive = core.receive.bind(core);
  core.receive = async data => {
    await firstValueFrom(stored);
    return receive(data);
  };
  return stored;
}

/** The replication of a log, on a clock that a spec moves. */
export class Site {
  static async reading(writer: Log, limits: Partial<ReplicationLimits> = {}): Promise<Site> {
    return new Site(await openLog({ key: writer.key }), limits);
  }

  readonly clock = new VirtualTimeScheduler();
  readonly events: CoreEvent[] = [];
  readonly replication: CoreReplication;

  constructor(
    readonly log: Log,
    limits: Partial<ReplicationLimits> = {},
    allowPush = false,
  ) {
    const options = { limits: verifyReplicationLimits(limits), scheduler: this.clock, allowPush };
    this.replication = new CoreReplication(log.core, options);
    this.replication.events.subscribe(event => this.events.push(event));
  }

  /** What went wrong with remotes, by code. */
  get drops(): string[] {
    return this.events.flatMap(event => (event.type === 'peer-dropped' ? [event.error.code] : []));
  }

  wish(start: number, end: number, priority = 0): Wish {
    const wish = new Wish(start, end, priority);
    this.replication.wish(wish);
    return wish;
  }

  /** Moves the clock on in small steps, and lets happen what each brings about. */
  async pass(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    while (this.clock.now() < end) {
      const step = Math.min(50, end - this.clock.now());
      this.clock.schedule(() => undefined, step); // so that the clock gets there
      this.clock.maxFrames = this.clock.now() + step;
      this.clock.flush();
      await settle();
    }
  }
}

/** A remote that says what a spec has it say, and hears what it is told. */
export class ScriptedRemote {
  readonly heard: Message[] = [];
  readonly drained = new BehaviorSubject(true);
  readonly channel: Channel;
  closed = false;

  /**
   * @param seeks - whether it says that it answers them
   * @param largest - the longest block that it can receive, in bytes
   */
  constructor(
    readonly site: Site,
    { seeks = true, largest = Infinity } = {},
  ) {
    const key = new Uint8Array(32);
    this.channel = new Channel(key, key, {
      drained: this.drained,
      maxPendingMessages: Infinity,
      pause: () => new Subscription(),
      channelSignal: () => undefined,
      channelEnded: () => undefined,
    });
    this.channel.attach({
      send: (type, message) => {
        encode(messageCodecs[type], message as Message); // it must be fit for the wire
        const { block = null } = message as Partial<Data>;
        if (block !== null && block.value?.length > largest)
          throw new FrameTooLargeError(block.value.length, largest);
        this.heard.push(message as Message);
        return true;
      },
      close: () => (this.closed = true),
    });
    this.channel.remoteOpened(seeks);
    site.replication.add(this.channel, { identity: () => null, dropped: () => undefined });
  }

  say(...messages: Message[]): void {
    for (const message of messages) this.channel.receive(message);
  }

  /** Says what one that has all of a log says first. */
  greet(log: Log): void {
    this.say(synchronize({ fork: log.fork, length: log.length }), range({ start: 0, length: log.length }));
  }

  /** Takes out what it heard of a type. */
  take<T extends MessageType>(type: T): Extract<Message, { type: T }>[] {
    const taken = this.heard.filter(
      (message): message is Extract<Message, { type: T }> => message.type === type,
    );
    const left = this.heard.filter(message => message.type !== type);
    this.heard.splice(0, this.heard.length, ...left);
    return taken;
  }

  /** Answers all requests so far from a log, changed as the spec likes; returns them. */
  async answer(
    log: Log,
    change: (data: Data, request: Request) => Data | null = data => data,
  ): Promise<Request[]> {
    const requests = this.take('request');
    for (const request of requests) {
      const proof = await log.core.prove(request);
      const data = proof === null ? null : change(proof, request);
      if (data !== null) this.say(data);
    }
    await settle();
    return requests;
  }

  /** Greets, and proves the length and nothing else. */
  async upgrade(log: Log): Promise<void> {
    this.greet(log);
    await settle();
    for (const request of this.take('request')) {
      const proof = await log.core.prove({ ...request, block: null });
      if (proof !== null) this.say(proof);
    }
    await settle();
  }
}
