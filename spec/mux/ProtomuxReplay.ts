import { hash } from '@stablelib/blake2b';
import { bytes } from '../../lib/encoding/bytes.js';
import { rest } from '../../lib/encoding/rest.js';
import { text } from '../../lib/encoding/text.js';
import { uint } from '../../lib/encoding/uint.js';
import { type AnyCodec, type MuxChannel, MuxState, type PairRequest } from '../../lib/mux/MuxState.js';
import { readPayload } from '../../lib/mux/PayloadReader.js';
import { bytesOfRule, concat, hex, unhex, type ByteRule } from '../helpers/bytes.js';

/** One operation of `vectors/protomux.json` and what Protomux did during it. */
export interface Step {
  readonly op: string;
  readonly out: readonly Fact[];
  readonly [field: string]: unknown;
}

export type Fact = Readonly<Record<string, unknown>>;

interface MessageSpec {
  readonly encoding: string;
  readonly on?: string;
  readonly autoBatch?: boolean;
}

const codecs: Record<string, AnyCodec> = { string: text, uint, raw: rest, buffer: bytes };

/**
 * Replays the operations of an entry on a {@link MuxState} that is configured as Protomux, and lists what happens.
 *
 * Handlers of Protomux may return promises; ours return nothing. What Protomux does with those promises (waits for them
 * before it uncorks, warns, destroys the stream) is done here, by the owner of the machine, with its public methods. So are
 * the stream's own calls: `end` and `destroy`.
 */
export class ProtomuxReplay {
  readonly facts: Fact[] = [];
  private readonly channels = new Map<string, MuxChannel<unknown>>();
  private readonly messages = new Map<string, readonly (MessageSpec | null)[]>();
  private readonly watchers: (() => boolean)[] = [];
  private tasks: { run(): void; after?(): void }[] = [];
  private full = false;
  private destroyed = false;
  private inBatch = false;
  private readonly mux = new MuxState({
    output: {
      payload: (buffer, start, end) => {
        if (!this.destroyed) this.facts.push({ write: buffer.slice(start, end) });
        this.mux.setDrained(!this.full);
      },
    },
    packing: {
      maxBatchBytes: 0x800000,
      controlInBatches: true,
      channelsPerBatch: 'many',
      unwrapSingle: false,
      overshoot: true,
    },
    onPressure: paused => this.facts.push({ event: paused ? 'pause' : 'resume' }),
  });

  run(steps: readonly Step[]): void {
    for (const step of steps) this.guarded(() => this.perform(step, null));
    // Nothing may be left over for a tick that the entry does not have.
    this.guarded(() => this.tick());
  }

  private perform(step: Omit<Step, 'out'>, pairId: Uint8Array | null): void {
    const field = <T>(name: string): T => step[name] as T;
    const name = field<string>('ch');
    const id = step['id'] === '$id' ? pairId : idOf(field('id'));
    switch (step.op) {
      case 'create':
        return this.create(step, name, id);
      case 'open': {
        const channel = this.channels.get(name)!;
        const { handshake } = step;
        return channel.open(
          channel.handshakeCodec === text || typeof handshake !== 'string' ? handshake : unhex(handshake),
        );
      }
      case 'send':
        return this.send(name, field('type'), step['value'], true);
      case 'close':
        return this.channels.get(name)?.close();
      case 'openRange':
        for (let n = field<number>('from'); n <= field<number>('to'); n++) {
          const channel = field<string>('prefix') + String(n);
          this.create(step, channel, rangeId(n));
          this.channels.get(channel)!.open(undefined);
        }
        return;
      case 'recvOpenRange':
        for (let n = field<number>('from'); n <= field<number>('to'); n++) {
          this.mux.receive(openOf(n, field('protocol'), rangeId(n)));
        }
        return;
      case 'recv':
        return this.receive(frameOf(step['frame']));
      case 'cork':
        return this.mux.cork();
      case 'uncork':
        return this.mux.uncork();
      case 'tick':
        return this.tick();
      case 'pair':
        return this.mux.pair(field('protocol'), id, request => this.onPair(step, request));
      case 'unpair':
        return this.mux.unpair(field('protocol'), id);
      case 'full':
        this.full = true;
        return;
      case 'drain':
        this.full = false;
        return this.mux.setDrained(true);
      case 'query':
        this.facts.push({ opened: this.mux.opened(field('protocol'), id), isIdle: this.mux.size === 0 });
        return;
      case 'fullyOpened':
      case 'fullyClosed':
        return this.watch(step.op, name);
      case 'destroy':
        return this.destroy(null);
      case 'streamClose':
        this.destroyed = true;
        return this.mux.destroy();
      case 'streamEnd':
        this.facts.push({ event: 'end' });
        return;
      default:
        throw new Error(`an operation this replay does not know: ${String(step.op)}`);
    }
  }

  private create(step: Omit<Step, 'out'>, name: string, id: Uint8Array | null): void {
    const {
      onopen,
      onclose,
      aliases = [],
      unique = true,
    } = step as {
      onopen?: 'close' | 'throw' | 'reject' | { send: [number, unknown][] };
      onclose?: 'throw' | 'reject' | 'later';
      aliases?: string[];
      unique?: boolean;
    };
    const messages = (step['messages'] ?? []) as (MessageSpec | null)[];
    const handshake = step['handshake'] as string | undefined;
    const channel = this.mux.createChannel<unknown>({
      protocol: step['protocol'] as string,
      id,
      aliases,
      unique,
      ...(handshake === undefined ? {} : { handshake: codecs[handshake] }),
      messages: messages.map(message => (message === null ? null : codecs[message.encoding])),
      handlers: {
        onopen: value => {
          this.facts.push({ event: 'onopen', ch: name, handshake: value ?? null });
          if (onopen === 'close') this.channels.get(name)!.close();
          else if (onopen === 'throw') throw new Error('thrown by onopen');
          else if (onopen === 'reject') this.rejectLater(name, 'onopen');
          else if (onopen !== undefined)
            for (const [type, sent] of onopen.send) this.send(name, type, sent, false);
        },
        onmessage: (type, value) => {
          this.facts.push({ event: 'onmessage', ch: name, type, value });
          this.answer(name, type, value, messages[type]!);
        },
        onclose: isRemote => {
          this.facts.push({ event: 'onclose', ch: name, isRemote });
          if (onclose === 'throw') throw new Error('thrown by onclose');
          if (onclose === 'reject') this.rejectLater(name, 'onclose');
        },
        ondestroy: () => this.facts.push({ event: 'ondestroy', ch: name }),
        ondrain: () => this.facts.push({ event: 'ondrain', ch: name }),
      },
    });
    if (channel === null) this.facts.push({ created: false, ch: name });
    else {
      this.channels.set(name, channel);
      this.messages.set(name, messages);
    }
  }

  private send(name: string, type: number, value: unknown, recorded: boolean): void {
    const channel = this.channels.get(name)!;
    const raw = this.messages.get(name)![type]?.encoding === 'raw';
    const sent = raw && !(value instanceof Uint8Array) ? bytesOf(value) : value;
    const returned = channel.send(type, sent);
    if (recorded && returned !== true) this.facts.push({ returned });
  }

  private answer(name: string, type: number, value: unknown, { on, autoBatch = true }: MessageSpec): void {
    const channel = this.channels.get(name)!;
    if (on === undefined) return;
    if (on === 'echo') this.send(name, type, value, false);
    else if (on === 'close') channel.close();
    else if (on === 'throw') throw new Error('thrown by onmessage');
    else if (on === 'reject') this.rejectLater(name, 'onmessage');
    else if (on === 'close and reject') {
      channel.close();
      this.rejectLater(name, 'onmessage');
    } else if (on === 'echo later') {
      const run = (): void => this.send(name, type, value, false);
      if (!this.inBatch || !autoBatch) this.tasks.push({ run });
      else {
        this.mux.cork();
        this.tasks.push({ run, after: () => this.mux.uncork() });
      }
    } else throw new Error(`an answer this replay does not know: ${on}`);
  }

  private receive(frame: Uint8Array): void {
    const nothing = (): void => undefined;
    this.inBatch = false;
    const several = (): void => void (this.inBatch = true);
    try {
      const sink = { open: nothing, reject: nothing, close: nothing, message: nothing, several };
      readPayload(frame, sink, this.mux.limits);
    } catch {
      // malformed: receive() will say so
    }
    this.mux.receive(frame);
  }

  private onPair(step: Omit<Step, 'out'>, request: PairRequest): void {
    const { id } = request;
    this.facts.push({ event: 'pair', id: id === null ? null : hex(id) });
    if (step['fail'] === true) throw new Error('thrown by pair');
    const run = (): void => {
      for (const inner of (step['run'] ?? []) as Step[]) {
        // A channel that could not be created is not opened either, although an older one has its name.
        const last = this.facts.at(-1);
        if (last?.['created'] !== false || last['ch'] !== inner['ch']) this.perform(inner, id);
      }
      request.settle();
    };
    if (step['later'] === true) this.tasks.push({ run });
    else run();
  }

  private rejectLater(name: string, where: string): void {
    this.tasks.push({
      run: () => {
        const error = `rejected by ${where}`;
        if (this.channels.get(name)!.closed) this.facts.push({ event: 'warning', error });
        else throw new Error(error);
      },
    });
  }

  private watch(op: string, name: string): void {
    const channel = this.channels.get(name)!;
    this.watchers.push(() => {
      if (op === 'fullyClosed' && channel.closed) this.facts.push({ event: op, ch: name });
      else if (op === 'fullyOpened' && (channel.opened || channel.closed)) {
        this.facts.push({ event: op, ch: name, value: channel.opened });
      } else return false;
      return true;
    });
  }

  private tick(): void {
    const { tasks } = this;
    this.tasks = [];
    if (this.destroyed) return;
    for (const task of tasks) task.run();
    for (const task of tasks) task.after?.();
    this.mux.flush();
    for (const watcher of this.watchers.splice(0)) if (!watcher()) this.watchers.push(watcher);
  }

  private guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  private destroy(error: (Error & { code?: string }) | null): void {
    if (this.destroyed) throw error ?? new Error('destroyed twice');
    this.destroyed = true;
    this.facts.push({ event: 'destroy', error: error === null ? null : (error.code ?? error.message) });
    this.mux.destroy(error);
  }
}

/** A value of ours in the notation of the vectors, as long or as short as `like`. */
export function rendered(value: unknown, like: unknown): unknown {
  if (!(value instanceof Uint8Array)) return value;
  if (typeof like !== 'object' || like === null) return hex(value);
  return {
    length: value.length,
    blake2b: hex(hash(value, 32)),
    first: hex(value.subarray(0, 32)),
    last: hex(value.subarray(-32)),
  };
}

function idOf(id: string | null | undefined): Uint8Array | null {
  return id == null ? null : unhex(id);
}

function bytesOf(value: unknown): Uint8Array {
  return typeof value === 'string' ? unhex(value) : bytesOfRule(value as ByteRule);
}

function frameOf(frame: unknown): Uint8Array {
  if (typeof frame === 'string') return unhex(frame);
  const { rule, prefix, byte, length } = frame as {
    rule: string;
    prefix: string;
    byte: number;
    length: number;
  };
  if (rule !== 'prefix+fill') throw new Error(`a rule this replay does not know: ${rule}`);
  return concat(unhex(prefix), new Uint8Array(length).fill(byte));
}

function rangeId(n: number): Uint8Array {
  return new Uint8Array([n >>> 24, n >>> 16, n >>> 8, n]);
}

function openOf(n: number, protocol: string, id: Uint8Array): Uint8Array {
  const state = { start: 0, end: 2, buffer: null as Uint8Array | null };
  uint.preencode(state, n);
  text.preencode(state, protocol);
  bytes.preencode(state, id);
  state.buffer = new Uint8Array(state.end);
  state.start = 1;
  uint.encode(state, 1);
  uint.encode(state, n);
  text.encode(state, protocol);
  bytes.encode(state, id);
  return state.buffer;
}
