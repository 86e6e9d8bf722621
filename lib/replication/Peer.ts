import { asyncScheduler, type SchedulerLike, Subscription } from 'rxjs';
import type { Protocol } from '../connection/Protocol.js';
import type { CryptoBackend } from '../crypto/CryptoBackend.js';
import { portableCrypto } from '../crypto/portable/portable.js';
import { discoveryKey as discoveryKeyOf, keyString } from '../keys/discoveryKey.js';
import type { Log } from '../log/Log.js';
import type { LogOptions } from '../log/LogOptions.js';
import { openLog } from '../log/openLog.js';
import { resolveIdentity } from '../log/resolveIdentity.js';
import type { Storage } from '../storage/RandomAccess.js';
import { Core } from './Core.js';
import { type ReplicationLimits, verifyReplicationLimits } from './ReplicationLimits.js';

/** Where a peer keeps its cores, and how it replicates them. @public */
export interface PeerOptions {
  /** Where cores are kept, each in a folder of its own; in memory by default. */
  readonly storage?: Storage;
  /** The primitives; tweetnacl and StableLib by default. */
  readonly crypto?: CryptoBackend;
  /** Bounds on what remotes can make this side do and hold. */
  readonly limits?: Partial<ReplicationLimits>;
  /** Runs every timer; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
  /** Ends the turn in which what happened is gathered; a microtask by default. */
  readonly flushScheduler?: SchedulerLike;
}

/** Which core {@link Peer.core} opens; without `storage` and `crypto`, which are the peer's. @public */
export interface PeerCoreOptions extends Omit<LogOptions, 'storage' | 'crypto'> {
  /**
   * Whether remotes may send blocks that were not asked for, see {@link Core.push}. `false` by default: such data is left where it
   * is. What is pushed is proved before it is stored, like everything else; but how much of the core is stored is up to the remotes.
   */
  readonly allowPush?: boolean;
}

/** Where a core is kept that was given neither a key nor a folder. */
const OWN_FOLDER = 'own';

/**
 * Cores, and the connections that carry them: every core is replicated over every connection, whichever came first.
 *
 * @example
 * ```ts
 * const peer = createPeer();
 * tcpConnect({ port: 8000 })
 *   .pipe(hypercoreProtocol({ initiator: true }))
 *   .subscribe(protocol => peer.replicate(protocol));
 * peer.core(key).blocks({ live: true }).subscribe(({ index, value }) => console.log(index, value));
 * ```
 *
 * @public
 */
export class Peer {
  private readonly byFolder = new Map<string, Core>();
  private readonly byDiscoveryKey = new Map<string, Core>();
  private readonly connections = new Map<Protocol, Subscription>();
  /** Cores that open, and whose key will be known then. */
  private readonly unnamed = new Set<Promise<unknown>>();
  private readonly crypto: CryptoBackend;
  private readonly limits: ReplicationLimits;
  private readonly scheduler: SchedulerLike;
  private closed = false;

  /** @internal */
  constructor(private readonly options: PeerOptions) {
    this.crypto = options.crypto ?? portableCrypto;
    this.scheduler = options.scheduler ?? asyncScheduler;
    this.limits = verifyReplicationLimits(options.limits);
  }

  /** The cores that are open or opening, oldest first. */
  get cores(): readonly Core[] {
    return [...this.byFolder.values()];
  }

  /**
   * The core of a key (32 bytes), or that which the options mean, the same object for the same core until {@link Core.close} is
   * called; then another, which opens when that is done. It opens by itself, and is replicated at once over every connection there is
   * and will be.
   *
   * It is kept in a folder named by its discovery key, unless `folder` says otherwise; a core without any key in the options
   * is the one stored there, or new, and the folder then is `own`.
   *
   * @throws RangeError or TypeError at once for options that make no sense, TypeError after {@link Peer.close}.
   */
  core(which: Uint8Array | PeerCoreOptions = {}): Core {
    if (this.closed) throw new TypeError('the peer is closed');
    const options: PeerCoreOptions = which instanceof Uint8Array ? { key: which } : which;
    const name = this.nameOf(options);
    const folder = options.folder ?? name ?? OWN_FOLDER;
    const existing = this.byFolder.get(folder);
    if (existing !== undefined && !existing.isClosing) return existing;
    const { storage } = this.options;
    const { allowPush = false, ...logOptions } = options;
    const open = (): Promise<Log> =>
      openLog({ ...logOptions, folder, crypto: this.crypto, ...(storage !== undefined && { storage }) });
    const log = existing === undefined ? open() : existing.close().then(open, open);
    const core = new Core(log, {
      ...this.options,
      limits: this.limits,
      scheduler: this.scheduler,
      allowPush,
    });
    this.byFolder.set(folder, core);
    if (name !== null) this.byDiscoveryKey.set(name, core);
    else this.await(core);
    const forget = (): void => {
      if (this.byFolder.get(folder) === core) this.byFolder.delete(folder);
      for (const [key, one] of this.byDiscoveryKey) if (one === core) this.byDiscoveryKey.delete(key);
    };
    core.events.subscribe({ complete: forget });
    core.ready().then(() => {
      this.byDiscoveryKey.set(keyString(core.discoveryKey), core);
    }, forget);
    for (const protocol of this.connections.keys()) this.attach(core, protocol);
    return core;
  }

  /**
   * Replicates every core over a connection, until that ends or the result is unsubscribed, which closes the channels and
   * not the connection. The channels are those that {@link Protocol.open} returns, so that extensions go over them too.
   *
   * What the remote opens is opened here if it is known, and refused at the end of the turn if it is not and nobody else
   * opened it.
   */
  replicate(protocol: Protocol): Subscription {
    const existing = this.connections.get(protocol);
    if (existing !== undefined) return existing;
    const connection = new Subscription();
    if (this.closed) {
      connection.unsubscribe();
      return connection;
    }
    this.connections.set(protocol, connection);
    connection.add(() => this.connections.delete(protocol));
    const end = (): void => connection.unsubscribe();
    connection.add(
      protocol.events.subscribe({
        next: event => {
          if (event.type === 'discovery-key') this.answer(protocol, event.discoveryKey);
        },
        error: end,
        complete: end,
      }),
    );
    for (const core of this.cores) this.attach(core, protocol);
    return connection;
  }

  /** Ends replication over every connection, and closes every core. The connections stay open. */
  async close(): Promise<void> {
    this.closed = true;
    for (const connection of [...this.connections.values()]) connection.unsubscribe();
    await Promise.all(this.cores.map(core => core.close()));
  }

  private await(core: Core): void {
    const ready: Promise<unknown> = core.ready().then(
      () => this.unnamed.delete(ready),
      () => this.unnamed.delete(ready),
    );
    this.unnamed.add(ready);
  }

  private attach(core: Core, protocol: Protocol): void {
    this.connections.get(protocol)?.add(core.attach(protocol));
  }

  private answer(protocol: Protocol, discoveryKey: Uint8Array): void {
    const name = keyString(discoveryKey);
    const core = this.byDiscoveryKey.get(name);
    if (core !== undefined) {
      if (!core.refuses(protocol)) return this.attach(core, protocol);
      return protocol.reject(discoveryKey);
    }
    // A core whose key is not known yet may turn out to be the one; and whoever else hears of it comes first.
    void Promise.all(this.unnamed).then(() => {
      const found = this.byDiscoveryKey.get(name);
      if (found !== undefined) this.attach(found, protocol);
      else if (this.connections.has(protocol)) protocol.reject(discoveryKey);
    });
  }

  /** The discovery key of the core that the options mean, in hex; `null` if they do not tell. */
  private nameOf(options: PeerCoreOptions): string | null {
    const { key, keyPair, seed, manifest } = options;
    if (key === undefined && keyPair === undefined && seed === undefined && manifest === undefined)
      return null;
    const { identity } = resolveIdentity(this.crypto, options, null);
    return keyString(discoveryKeyOf(this.crypto, identity.key));
  }
}

/**
 * Makes a {@link Peer}: it holds cores, in memory unless `storage` is given, and connects nothing by itself; hand it protocols by
 * {@link Peer.replicate} or {@link replicate}. It lives until {@link Peer.close}, which closes its cores and leaves storage and
 * connections open.
 *
 * @throws RangeError at once for limits that make no sense.
 * @public
 */
export function createPeer(options: PeerOptions = {}): Peer {
  return new Peer(options);
}
