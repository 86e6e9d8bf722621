import type { DuplexStream } from '../transports/nodeDuplex.js';

/** As much of a core of the packages `hypercore` 10 and 11 as the bridge uses. @public */
export interface Hypercore {
  /** Null before `ready`. */
  readonly discoveryKey: Uint8Array | null;
  ready(): Promise<unknown>;
  replicate(stream: unknown): unknown;
}

/** As much of the class of such a core. @public */
export interface HypercoreClass {
  createProtocolStream(isInitiator: boolean, options: object): unknown;
}

/**
 * What `createProtocolStream` makes: the raw side of a `@hyperswarm/secret-stream` (hypercore `index.js`).
 *
 * @internal
 */
export interface ProtocolStream extends DuplexStream {
  /** The side that the noise stream reads and writes; there if it made both itself. */
  readonly reverse?: { pause(): unknown; resume(): unknown };
  readonly noiseStream: {
    readonly opened: Promise<boolean>;
    readonly remotePublicKey: Uint8Array;
    readonly destroying: boolean;
    destroy(error?: Error): void;
    setTimeout(ms: number): void;
    on(event: string, listener: (...args: never[]) => void): unknown;
  };
}

/** @throws TypeError if neither a class nor a core is given. @internal */
export function classOf(cores: Iterable<Hypercore>, given: HypercoreClass | undefined): HypercoreClass {
  if (given !== undefined) return given;
  for (const core of cores) return core.constructor as unknown as HypercoreClass;
  throw new TypeError('give at least one core, or the class Hypercore');
}
