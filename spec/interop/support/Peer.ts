import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PeerProcess } from './PeerProcess.js';

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
    {
      core: string;
      seed?: string;
      publicKeys: readonly string[];
      quorum: number;
      version?: number;
      allowPatch?: boolean;
      attach?: boolean;
    },
    CoreState,
  ];
  sign: [{ core: string; count: number; size: number; draft?: string }, { signature: string }];
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

const script = fileURLToPath(new URL('../peers/hypercorePeer.mjs', import.meta.url));

/** A real hypercore in a process of its own. */
export class Peer extends PeerProcess<PeerEvents> {
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
    const peer = new Peer(version, mkdtempSync(join(tmpdir(), 'rx-hypercore-peer-')));
    Peer.living.add(peer);
    await peer.event('ready');
    return peer;
  }

  private readonly cores = new Set<string>();

  private constructor(
    readonly version: HypercoreVersion,
    private readonly directory: string,
  ) {
    super(`hypercore ${version} peer`, process.execPath, [
      script,
      '--version',
      String(version),
      '--directory',
      directory,
    ]);
  }

  /** Gives a command and waits for its answer; a command that fails in the peer rejects. */
  async command<K extends keyof PeerCommands>(
    name: K,
    facts: PeerCommands[K][0],
    deadlineMs?: number,
  ): Promise<PeerCommands[K][1]> {
    const answer = await this.request(name, facts, deadlineMs);
    if (name === 'create' || name === 'createShared' || name === 'open')
      this.cores.add((facts as { core: string }).core);
    if (name === 'close') this.cores.delete((facts as { core: string }).core);
    if (answer['error'] !== undefined) {
      const { message } = answer['error'] as PeerFailure;
      throw this.failed(`${name} failed: ${message}`);
    }
    return answer;
  }

  /** Closes all its cores and forgets what it told, so that the next spec finds it as new. */
  async closeCores(): Promise<void> {
    for (const core of this.cores) await this.command('close', { core });
    this.cores.clear();
    this.forgetEvents();
  }

  protected override gone(): void {
    rmSync(this.directory, { recursive: true, force: true });
    Peer.living.delete(this);
  }
}
