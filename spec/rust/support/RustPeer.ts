import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { patienceMs } from '../../support/patience.js';

/** The wires of the crate `hypercore-protocol` that there are: 0.6 (0.5 speaks it too) and 0.7. */
export type CrateVersion = '0.6' | '0.7';

/** How the peer is started; `interop/rust/source/peer.rs` says what it all means. */
export interface PeerOptions {
  readonly role: 'writer' | 'reader' | 'echo' | 'report' | 'flood' | 'mixed';
  /** Where to dial; the peer listens on a port of its own choosing where it is absent. */
  readonly dial?: number;
  /** Seed of a writer's core, 32 bytes as hex. */
  readonly seed?: string;
  /** Keys it knows, 32 bytes each as hex. */
  readonly keys?: readonly string[];
  /** Keys of cores that a mixed peer reads; its own it writes, and other channels it echoes. */
  readonly read?: readonly string[];
  /** Opens its keys at once, and not only when we did. */
  readonly active?: boolean;
  readonly count?: number;
  readonly size?: number;
  readonly window?: number;
  /** 0.6 only: reads through `whole_frames.rs`. */
  readonly wholeFrames?: boolean;
}

/** What it reports. */
export interface PeerEvents {
  ready: { versions: string; keys: string[] };
  listening: { port: number };
  connection: object;
  handshake: { publicKey: string; remotePublicKey: string };
  'discovery-key': { discoveryKey: string };
  channel: { discoveryKey: string; id: number };
  close: { discoveryKey: string };
  block: { discoveryKey: string; index: number; length: number; sha256: string };
  upgraded: { discoveryKey: string; length: number };
  downloaded: { discoveryKey: string; length: number };
  message: { discoveryKey: string; text: string };
  refused: { reason: string };
  error: { message: string };
  panic: { message: string; place: string };
}

/** A message that the peer is told to send, by the names of our own messages. */
export interface PeerMessage {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** What it can be told. */
export type PeerCommand =
  | { readonly do: 'open'; readonly key: string }
  | { readonly do: 'close' | 'forget'; readonly discoveryKey: string }
  | {
      readonly do: 'send' | 'send-batch';
      readonly discoveryKey: string;
      readonly messages: readonly PeerMessage[];
    }
  | { readonly do: 'append'; readonly discoveryKey: string; readonly count: number; readonly size: number }
  | { readonly do: 'quit' };

type Line = Record<string, unknown>;

interface Waiting {
  readonly accepts: (line: Line) => boolean;
  readonly resolve: (line: Line) => void;
  readonly reject: (error: Error) => void;
}

/** Deadline of one event unless told otherwise, in milliseconds. */

/**
 * A program on the real crate, in a process of its own. Every wait has a deadline, and a failure says what the peer had
 * reported. It ends with {@link RustPeer.stop}, and by itself if this process does.
 */
export class RustPeer {
  private static readonly living = new Set<RustPeer>();

  static get alive(): number {
    return RustPeer.living.size;
  }

  static async stopAll(): Promise<void> {
    await Promise.all([...RustPeer.living].map(peer => peer.stop()));
  }

  static async start(version: CrateVersion, options: PeerOptions): Promise<RustPeer> {
    const peer = new RustPeer(version, options);
    peer.readied = await peer.event('ready');
    if (options.dial === undefined) peer.heard = await peer.event('listening');
    return peer;
  }

  private readonly child: ChildProcess;
  private events: Line[] = [];
  private readonly waiting = new Set<Waiting>();
  private readonly history: string[] = [];
  private readonly exited: Promise<void>;
  private readied: PeerEvents['ready'] | undefined;
  private heard: PeerEvents['listening'] | undefined;
  private stderr = '';
  private ended: string | undefined;

  private constructor(
    readonly version: CrateVersion,
    options: PeerOptions,
  ) {
    const name = `peer${version.replace('.', '')}`;
    const program = fileURLToPath(new URL(`../../../interop/rust/target/release/${name}`, import.meta.url));
    this.child = spawn(program, argumentsOf(options), { stdio: ['pipe', 'pipe', 'pipe'] });
    RustPeer.living.add(this);
    const { stdin, stdout, stderr } = this.child;
    stdin?.on('error', () => undefined); // a peer that has just died; the exit below says why
    stderr?.on('data', (chunk: Buffer) => (this.stderr = (this.stderr + chunk.toString()).slice(-4000)));
    if (stdout !== null) createInterface({ input: stdout }).on('line', line => this.receive(line));
    this.exited = new Promise(resolve => {
      const end = (reason: string): void => {
        if (this.ended !== undefined) return;
        this.ended = reason;
        RustPeer.living.delete(this);
        for (const one of this.waiting) one.reject(this.failed(`it ended (${reason})`));
        resolve();
      };
      this.child.on('error', error => end(error.message));
      this.child.on('close', (code, signal) => end(signal === null ? `code ${code}` : signal));
    });
  }

  /** Where it listens. */
  get port(): number {
    if (this.heard === undefined) throw new Error('the peer dials');
    return this.heard.port;
  }

  /** The keys it knows, a writer's own last. */
  get keys(): readonly string[] {
    return this.readied?.keys ?? [];
  }

  /** The key of a writer's own core. */
  get key(): string {
    return this.keys[this.keys.length - 1];
  }

  tell(command: PeerCommand): void {
    const line = JSON.stringify(command);
    this.record(`> ${line}`);
    this.child.stdin?.write(`${line}\n`);
  }

  /** Takes the next event of that name which fits, from those not yet taken or from the future. */
  async event<K extends keyof PeerEvents>(
    name: K,
    fits: (event: PeerEvents[K]) => boolean = () => true,
    deadlineMs = patienceMs,
  ): Promise<PeerEvents[K]> {
    const accepts = (line: Line): boolean => line['event'] === name && fits(line as unknown as PeerEvents[K]);
    const index = this.events.findIndex(accepts);
    if (index !== -1) return this.events.splice(index, 1)[0] as unknown as PeerEvents[K];
    return (await this.wait(`the event ${name}`, accepts, deadlineMs)) as unknown as PeerEvents[K];
  }

  /** The events of that name which nobody has taken yet. */
  untaken<K extends keyof PeerEvents>(name: K): PeerEvents[K][] {
    return this.events.filter(line => line['event'] === name) as unknown as PeerEvents[K][];
  }

  /** Takes all events of that name which nobody has taken yet. */
  drain<K extends keyof PeerEvents>(name: K): PeerEvents[K][] {
    const taken = this.untaken(name);
    this.events = this.events.filter(line => line['event'] !== name);
    return taken;
  }

  /** How it failed: the text of the error its crate reported, or of the panic that ended it. */
  async failure(deadlineMs = patienceMs): Promise<string> {
    const fatal = (line: Line): boolean => line['event'] === 'error' || line['event'] === 'panic';
    const line = this.events.find(fatal) ?? (await this.wait('a failure', fatal, deadlineMs));
    const { event, message, place } = line as { event: string; message: string; place?: string };
    return event === 'panic'
      ? `panic: ${message} (${place?.replace(/^.*\/registry\/src\/[^/]*\//, '')})`
      : message;
  }

  /** Kills it without a word, and waits until it is gone. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }

  async stop(): Promise<void> {
    this.child.stdin?.end();
    const force = setTimeout(() => this.child.kill('SIGKILL'), 2000);
    await this.exited;
    clearTimeout(force);
  }

  private receive(text: string): void {
    this.record(`< ${text}`);
    let line: Line;
    try {
      line = JSON.parse(text) as Line;
    } catch {
      return; // something printed past the protocol; it stays in the history
    }
    for (const one of this.waiting) {
      if (one.accepts(line)) return one.resolve(line);
    }
    this.events.push(line);
  }

  private wait(what: string, accepts: Waiting['accepts'], deadlineMs: number): Promise<Line> {
    return new Promise((resolve, reject) => {
      if (this.ended !== undefined) return reject(this.failed(`waited for ${what}, but it has ended`));
      const done = (): void => {
        clearTimeout(timer);
        this.waiting.delete(one);
      };
      const timer = setTimeout(() => {
        done();
        reject(this.failed(`waited ${deadlineMs} ms for ${what}`));
      }, deadlineMs);
      const one: Waiting = {
        accepts,
        resolve: line => {
          done();
          resolve(line);
        },
        reject: error => {
          done();
          reject(error);
        },
      };
      this.waiting.add(one);
    });
  }

  private record(line: string): void {
    this.history.push(line.length > 300 ? `${line.slice(0, 300)}…` : line);
    if (this.history.length > 12) this.history.shift();
  }

  private failed(what: string): Error {
    const printed = this.stderr === '' ? '(nothing)' : this.stderr;
    return new Error(
      `hypercore-protocol ${this.version} peer (pid ${this.child.pid}): ${what}\n` +
        `last lines:\n  ${this.history.join('\n  ')}\nstderr:\n  ${printed}`,
    );
  }
}

function argumentsOf(options: PeerOptions): string[] {
  const { role, dial, seed, keys = [], read = [], active, count, size, window, wholeFrames } = options;
  const given: string[] = ['--role', role];
  if (dial !== undefined) given.push('--dial', `127.0.0.1:${dial}`);
  if (seed !== undefined) given.push('--seed', seed);
  for (const key of keys) given.push('--key', key);
  for (const key of read) given.push('--read', key);
  if (active === true) given.push('--active');
  if (count !== undefined) given.push('--count', String(count));
  if (size !== undefined) given.push('--size', String(size));
  if (window !== undefined) given.push('--window', String(window));
  if (wholeFrames === true) given.push('--whole-frames');
  return given;
}
