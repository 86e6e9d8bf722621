import type { CryptoBackend } from 'rx-hypercore';
import { bestCrypto } from 'rx-hypercore/crypto';
import { type Core, type CoreEvent, createPeer, type Peer as OurPeer } from 'rx-hypercore/log';
import { OurSide } from './OurSide.js';
import { type HypercoreVersion, Peer } from './Peer.js';

/** What no honest remote causes. */
const BAD: readonly CoreEvent['type'][] = ['peer-dropped', 'storage-failed', 'conflict'];

/** Our peers with their cores, and the hypercores they meet, for the specs of one suite. */
export class LogPeers {
  /** What happened to the watched cores of this spec. */
  readonly events: CoreEvent[] = [];
  private readonly hypercores = new Map<HypercoreVersion, Peer>();
  private readonly ours: OurPeer[] = [];
  private backend: CryptoBackend | undefined;

  get crypto(): CryptoBackend {
    if (this.backend === undefined) throw new Error('not before the specs');
    return this.backend;
  }

  hypercore(version: HypercoreVersion): Peer {
    const peer = this.hypercores.get(version);
    if (peer === undefined) throw new Error(`hypercore ${version} has not started`);
    return peer;
  }

  /** A peer of ours, which is closed after the spec. */
  readonly create = (): OurPeer => {
    const peer = createPeer({ crypto: this.crypto });
    this.ours.push(peer);
    return peer;
  };

  /** Nothing bad must happen to this core while the spec runs. */
  readonly watched = (core: Core): Core => {
    core.events.subscribe(event => this.events.push(event));
    return core;
  };

  /** Connects a peer of ours with a hypercore. */
  readonly connect = async (mine: OurPeer, theirs: Peer, weDial = true): Promise<OurSide> => {
    const side = await OurSide.connect(theirs, { weDial, crypto: this.crypto });
    mine.replicate(side.protocol);
    return side;
  };

  async start(versions: readonly HypercoreVersion[]): Promise<void> {
    this.backend = await bestCrypto();
    for (const version of versions) this.hypercores.set(version, await Peer.start(version));
  }

  /** Closes what the spec has used; the hypercores leave no cores behind. */
  async clear(): Promise<void> {
    await Promise.all(this.ours.splice(0).map(peer => peer.close()));
    OurSide.dropAll();
    for (const peer of this.hypercores.values()) await peer.closeCores();
    expect(this.events.splice(0).filter(({ type }) => BAD.includes(type))).toEqual([]);
  }
}

/** Makes {@link LogPeers} for the suite in which it is called: one process of each version for all its specs. */
export function logPeers(versions: readonly HypercoreVersion[] = [10, 11]): LogPeers {
  const peers = new LogPeers();
  beforeAll(() => peers.start(versions));
  afterEach(() => peers.clear());
  afterAll(async () => {
    await Peer.stopAll();
    expect(Peer.alive).toBe(0);
  });
  return peers;
}
