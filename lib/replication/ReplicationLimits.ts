/**
 * Bounds on what the peers of a core can make this side do and hold. Times are in milliseconds; a time of 0 switches its
 * timer off.
 *
 * @public
 */
export interface ReplicationLimits {
  /** Requests that one remote has to answer at a time; hypercore keeps 48 over TCP. */
  readonly maxInFlightPerPeer: number;
  /** Blocks of one core that all remotes together were asked for and that are not stored yet. */
  readonly maxInFlight: number;
  /** Requests of one remote that wait for their answer here; one more ends its channel. */
  readonly maxQueuedRequests: number;
  /**
   * Bytes of blocks of one remote that wait here: for another answer of it, which brings the rest of their proof, or, if it pushed
   * them, to be stored.
   */
  readonly maxHeldBytes: number;
  /** Bytes of blocks that one remote was asked for and that are being stored; while there are as many, it is asked for no more. */
  readonly maxStoringBytes: number;
  /** Answers to one remote that are made at a time. */
  readonly maxProofsAtATime: number;
  /** Requests of one remote that no honest peer sends; one more ends its channel. Hypercore 11 allows as many. */
  readonly maxInvalidRequests: number;
  /** Pages of 32,768 blocks with gaps that are remembered of one remote, 4 KiB each. */
  readonly maxRemotePages: number;
  /** Rows of whole pages that are remembered of one remote. */
  readonly maxRemoteRows: number;
  /** Segments of 2,097,152 blocks that one remote is asked about at a time. */
  readonly maxWants: number;
  /** Messages that answer one `want`, or tell what is left after a `clear`. */
  readonly maxAnnouncements: number;
  /** Steps in one go of the search for blocks to ask one remote for; it goes on where it stopped, once other work was done. */
  readonly maxSearchSteps: number;
  /** Remotes that a block is asked of at a time. */
  readonly maxCopies: number;
  /** From a request, or the last answer of the same remote, to giving the request up. */
  readonly requestTimeoutMs: number;
  /** Requests in a row that a remote may leave unanswered. */
  readonly maxTimeouts: number;
  /** From a request to asking an idle remote for the same block as well. */
  readonly overtakeAfterMs: number;
  /** Between two values of `progress`. */
  readonly progressIntervalMs: number;
}

/** The defaults. @public */
export const defaultReplicationLimits: ReplicationLimits = {
  maxInFlightPerPeer: 48,
  maxInFlight: 512,
  maxQueuedRequests: 4096,
  maxHeldBytes: 0x400000,
  maxStoringBytes: 0x100000,
  maxProofsAtATime: 16,
  maxInvalidRequests: 64,
  maxRemotePages: 1024,
  maxRemoteRows: 256,
  maxWants: 512,
  maxAnnouncements: 64,
  maxSearchSteps: 4096,
  maxCopies: 2,
  requestTimeoutMs: 20_000,
  maxTimeouts: 3,
  overtakeAfterMs: 500,
  progressIntervalMs: 250,
};

/**
 * Fills in the defaults and checks every value.
 *
 * @throws RangeError for a name that is none, for a value that is no integer, or below 1 (for a time, below 0).
 * @internal
 */
export function verifyReplicationLimits(given: Partial<ReplicationLimits> = {}): ReplicationLimits {
  const limits: { -readonly [K in keyof ReplicationLimits]: number } = { ...defaultReplicationLimits };
  for (const [name, value] of Object.entries(given) as [keyof ReplicationLimits, number | undefined][]) {
    if (!(name in limits)) throw new RangeError(`unknown limit: ${name}`);
    if (value === undefined) continue;
    const lowest = name.endsWith('Ms') ? 0 : 1;
    if (!Number.isSafeInteger(value) || value < lowest) {
      throw new RangeError(`${name} must be an integer from ${lowest}`);
    }
    limits[name] = value;
  }
  return limits;
}
