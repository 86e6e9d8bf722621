import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { patienceMs } from '../../support/patience.js';

/** The releases of hypercore that the specs run against. */
export type HypercoreVersion = 10 | 11;

export interface CoreState {
  readonly key: string;
  readonly discoveryKey: string;
  readonly writable: boolean;
  readonly length: number;
  readonly byteLength: number;
  readonly contiguousLength: number;
  readonly fork: number;
}

/** What went wrong in the peer, as it saw it. */
export interface PeerFailure {
  readonly code: string | null;
  readonly message: string;
}

/** Who the peer is on a connection, and how it shakes hands; all hex. The package's own defaults where absent. */
export interface Identity {
  readonly seed?: string;
  readonly pattern?: 'XX' | 'IK';
  readonly remotePublicKey?: string;
}

/** The commands of `hypercorePeer.mjs`: what each takes, and what it answers. */
export interface PeerCommands {
  listen: [{ port?: number; host?: string } & Identity, { port: number }];
  dial: [{ port: number; host?: string } & Identity, { connection: number }];
  create: [
    { core: string; seed: string; manifest?: boolean; encryptionKey?: string; attach?: boolean },
    CoreState,
  ];
  open: [
    { core: string; key: string; encryptionKey?: string; allowPush?: boolean; attach?: boolean },
    CoreState,
  ];
  push: [{ core: string; index: number }, object];
  createShared: [
    { core: string; seed?: string; publicKeys: readonly string[]; quorum: number; attach?: boolean },
    CoreState,
  ];
  sign: [{ core: string; count: number; size: number }, { signature: string }];
  appendSigned: [{ core: string; count: number; size: number; signatures: readonly string[] }, CoreState];
  truncate: [{ core: string; length: number }, CoreState];
  clear: [{ core: string; start: number; end: number }, CoreState];
  seek: [{ core: string; byte: number }, { index: number; offset: number }];
  attach: [{ core: string; connection: number }, object];
  append: [{ core: string; count: number; size: number; seed?: number }, CoreState];
  update: [{ core: string }, CoreState & { changed: boolean }];
  get: [{ core: string; index: number; timeout?: number }, { index: number; length: number; sha256: string }];
  download: [
    { core: string; start?: number; end: number },
    { count: number; byteLength: number; sha256: string },
  ];
  has: [{ core: string; index: number }, { has: boolean }];
  extension: [{ core: string; extension: string }, object];
  send: [{ core: string; extension: string; data: string }, object];
  info: [{ core: string }, CoreState];
  peers: [{ core: string }, { peers: RemotePeer[] }];
  close: [{ core: string }, object];
  stopReading: [{ connection: number }, object];
  readOn: [{ connection: number }, object];
  traffic: [{ connection: number }, { received: number; sent: number }];
  end: [{ connection: number }, object];
  destroy: [{ connection: number }, object];
}

export interface RemotePeer {
  readonly remotePublicKey: string;
  readonly remoteLength: number;
  readonly remoteFork: number;
  readonly lengthAcked: number;
  readonly remoteOpened: boolean;
}

/** The events it reports, by name. */
export interface PeerEvents {
  ready: { version: string };
  listening: { port: number };
  connection: { connection: number; initiator: boolean };
  handshake: { connection: number; publicKey: string; remotePublicKey: string; handshakeHash: string };
  'discovery-key': { connection: number; discoveryKey: string };
  closed: { connection: number; error: PeerFailure | null };
  'peer-add': { core: string; remotePublicKey: string };
  'peer-remove': { core: string; remotePublicKey: string };
  append: { core: string; length: number };
  truncate: { core: string; length: number; fork: number };
  download: { core: string; index: number };
  conflict: { core: string; length: number; fork: number };
  block: { core: string; index: number; length: number; sha256: string };
  extension: { core: string; extension: string; data: string; remotePublicKey: string };
  crash: { error: PeerFailure };
}

type EventName = keyof PeerEvents;
type Reported = { event: EventName } & Record<string, unknown>;

interface Waiting {
  readonly accepts: (line: Record<string, unknown>) => boolean;
  readonly resolve: (line: Record<string, unknown>) => void;
  readonly reject: (error: Error) => void;
}

const script = fileURLToPath(new URL('../peers/hypercorePeer.mjs', import.meta.url));

/** Deadline of one answer or event unless told otherwise, in milliseconds. */

/**
 * A real hypercore in a process of its own. Every wait has a deadline, and a failure says what the peer had reported and
 * printed until then. The process ends with {@link Peer.stop}, and by itself if this one dies.
 */
export class Peer {
  private static readonly living = new Set<Peer>();

  /** How many peers have been started and not yet been stopped. */
  static get alive(): number {
    return Peer.living.size;
  }

  /** Stops every peer that is left; for `afterEach`. */
  static async stopAll(): Promise<void> {
    await Promise.all([...Peer.living].map(peer => peer.stop()));
  }

  /** Starts a peer and waits until it can take commands. */
  static async start(version: HypercoreVersion): Promise<Peer> {
    const peer = new Peer(version);
    await peer.event('ready');
    return peer;
  }

  private readonly child: ChildProcess;
  private readonly directory: string;
  private readonly events: Reported[] = [];
  private readonly cores = new Set<string>();
  private readonly waiting = new Set<Waiting>();
  private readonly history: string[] = [];
  private readonly exited: Promise<void>;
  private stderr = '';
  private ended: string | undefined;
  private commands = 0;

  private constructor(readonly version: HypercoreVersion) {
    this.directory = mkdtempSync(join(tmpdir(), 'rx-hypercore-peer-'));
    this.child = spawn(
      process.execPath,
      [script, '--version', String(version), '--directory', this.directory],
      { stdio: ['pipe', 'pipe', 'pipe'] },
    );
    Peer.living.add(this);
    const { stdin, stdout, stderr } = this.child;
    // Writing to a peer that has just died fails here; the exit below says why.
    stdin?.on('error', () => undefined);
    stderr?.on('data', (chunk: Buffer) => (this.stderr = (this.stderr + chunk.toString()).slice(-4000)));
    if (stdout !== null) createInterface({ input: stdout }).on('line', line => this.receive(line));
    this.exited = new Promise(resolve => {
      const end = (reason: string): void => {
        if (this.ended !== undefined) return;
        this.ended = reason;
        rmSync(this.directory, { recursive: true, force: true });
        Peer.living.delete(this);
        for (const one of this.waiting) one.reject(this.failed(`it ended (${reason})`));
        resolve();
      };
      this.child.on('error', error => end(error.message));
      // 'close' comes after the last line of stdout and stderr, 'exit' may not.
      this.child.on('close', (code, signal) => end(signal === null ? `code ${code}` : signal));
    });
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  /** Gives a command and waits for its answer; a command that fails in the peer rejects. */
  async command<K extends keyof PeerCommands>(
    name: K,
    facts: PeerCommands[K][0],
    deadlineMs = patienceMs,
  ): Promise<PeerCommands[K][1]> {
    const id = ++this.commands;
    const line = JSON.stringify({ id, do: name, ...facts });
    this.record(`> ${line}`);
    const answered = this.wait(`an answer to ${name}`, answer => answer['id'] === id, deadlineMs);
    this.child.stdin?.write(`${line}\n`);
    const answer = await answered;
    if (name === 'create' || name === 'createShared' || name === 'open')
      this.cores.add((facts as { core: string }).core);
    if (name === 'close') this.cores.delete((facts as { core: string }).core);
    if (answer['error'] !== undefined) {
      const { message } = answer['error'] as PeerFailure;
      throw this.failed(`${name} failed: ${message}`);
    }
    return answer;
  }

  /** Takes the next event of that name which fits, from those not yet taken or from the future. */
  async event<K extends EventName>(
    name: K,
    fits: (event: PeerEvents[K]) => boolean = () => true,
    deadlineMs = patienceMs,
  ): Promise<PeerEvents[K]> {
    const accepts = (line: Record<string, unknown>): boolean =>
      line['event'] === name && fits(line as unknown as PeerEvents[K]);
    const index = this.events.findIndex(accepts);
    if (index !== -1) return this.events.splice(index, 1)[0] as unknown as PeerEvents[K];
    return (await this.wait(`the event ${name}`, accepts, deadlineMs)) as unknown as PeerEvents[K];
  }

  /** The events of that name which nobody has taken yet. */
  untaken<K extends EventName>(name: K): PeerEvents[K][] {
    return this.events.filter(line => line.event === name) as unknown as PeerEvents[K][];
  }

  /** Closes all its cores and forgets what it told, so that the next spec finds it as new. */
  async closeCores(): Promise<void> {
    for (const core of this.cores) await this.command('close', { core });
    this.cores.clear();
    this.events.length = 0;
  }

  /** Kills it without a word, and waits until it is gone. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }

  /** Ends it: first by ending its stdin, after two seconds by force. Resolves when the process is gone. */
  async stop(): Promise<void> {
    this.child.stdin?.end();
    const force = setTimeout(() => this.child.kill('SIGKILL'), 2000);
    await this.exited;
    clearTimeout(force);
  }

  private receive(text: string): void {
    this.record(`< ${text}`);
    let line: Record<string, unknown>;
    try {
      line = JSON.parse(text) as Record<string, unknown>;
    } catch {
      return; // something printed past the protocol; it stays in the history
    }
    for (const one of this.waiting) {
      if (one.accepts(line)) return one.resolve(line);
    }
    if (typeof line['event'] === 'string') this.events.push(line as Reported);
  }

  private wait(
    what: string,
    accepts: Waiting['accepts'],
    deadlineMs: number,
  ): Promise<Record<string, unknown>> {
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
      `hypercore ${this.version} peer (pid ${this.pid}): ${what}\n` +
        `last lines:\n  ${this.history.join('\n  ')}\nstderr:\n  ${printed}`,
    );
  }
}
