/**
 * Every bound of the library under one name, with its default. Imports nothing; each room takes what it needs.
 */

/**
 * Bounds on what a remote can make this side hold, and on how long it can make it wait. Times are in milliseconds,
 * 0 switches a timer off; sizes are in bytes.
 *
 * @public
 */
export interface Limits {
  /** Body of one frame once the handshake is done. The wire cannot express more than 16,777,215. */
  readonly maxFrameBytes: number;
  /** Body of one frame before that; a Noise message is never longer than 65,535. */
  readonly maxHandshakeFrameBytes: number;
  /** One payload of the remote, decrypted. A whole frame holds no more than 16,777,198. */
  readonly maxPayloadBytes: number;
  /** Payload bytes gathered into one outgoing batch before it is sent. */
  readonly maxBatchBytes: number;
  /** Items in one incoming batch, those of nested batches included. */
  readonly maxBatchItems: number;
  /** How deep an incoming batch may hold batches. */
  readonly maxBatchDepth: number;
  /** Channels this side may have open or opening at a time. */
  readonly maxChannels: number;
  /** Channels the remote opened that this side has not answered. */
  readonly maxUnansweredOpens: number;
  /** Opens of the remote that were rejected, or did not prove the key, within `failedOpensWindowMs`. */
  readonly maxFailedOpens: number;
  /** Name of a protocol, and likewise id of a channel, in an open of the remote. */
  readonly maxNameBytes: number;
  /** Messages kept for a channel that the remote opened and this side has not answered. */
  readonly maxEarlyMessages: number;
  /** Bytes of such messages, and 512 for each, for one channel. */
  readonly maxChannelEarlyBytes: number;
  /** Such messages for all channels of a connection together. */
  readonly maxTotalEarlyMessages: number;
  /** Bytes of such messages, and 512 for each, for all channels of a connection together. */
  readonly maxEarlyBytes: number;
  /** Tree nodes in one list of a message. A proof has at most two for each doubling of the core. */
  readonly maxNodes: number;
  /** Words of 32 blocks in one bitfield. Hypercore sends at most 65,536. */
  readonly maxBitfieldWords: number;
  /** Signers, and likewise linked cores, in a manifest. */
  readonly maxManifestEntries: number;
  /** Name of an extension in a message of the remote. */
  readonly maxExtensionNameBytes: number;
  /** Messages an application may send on a channel before the remote proved that it knows the key. */
  readonly maxPendingMessages: number;
  /** Bytes given to the transport that it has not yet taken. */
  readonly maxOutboundBytes: number;
  /** From the start of the connection to the remote's stream header. */
  readonly handshakeTimeoutMs: number;
  /** From opening a channel to the remote's answer. */
  readonly openTimeoutMs: number;
  /** From a remote open that nobody asked for to its rejection. */
  readonly answerTimeoutMs: number;
  /** The time in which `maxFailedOpens` are counted; 0 counts none. */
  readonly failedOpensWindowMs: number;
  /** Without a byte from the remote. */
  readonly idleTimeoutMs: number;
  /** Without a byte to the remote, after which an empty record is sent. */
  readonly keepAliveMs: number;
  /** From asking the transport to end to cutting it off. */
  readonly closeTimeoutMs: number;
}

/** The defaults. @public */
export const defaultLimits: Limits = {
  maxFrameBytes: 0xffffff,
  maxHandshakeFrameBytes: 0xffff,
  maxPayloadBytes: 0xffffff,
  maxBatchBytes: 0x10000,
  maxBatchItems: 0x40000,
  maxBatchDepth: 4,
  maxChannels: 0x10000,
  maxUnansweredOpens: 0x4000,
  maxFailedOpens: 0x4000,
  maxNameBytes: 1024,
  maxEarlyMessages: 1024,
  maxChannelEarlyBytes: 0x100000,
  maxTotalEarlyMessages: 2048,
  maxEarlyBytes: 0x100000,
  maxNodes: 1024,
  maxBitfieldWords: 0x10000,
  maxManifestEntries: 1024,
  maxExtensionNameBytes: 1024,
  maxPendingMessages: 4096,
  maxOutboundBytes: 0x4000000,
  handshakeTimeoutMs: 15_000,
  openTimeoutMs: 30_000,
  answerTimeoutMs: 10_000,
  failedOpensWindowMs: 60_000,
  idleTimeoutMs: 60_000,
  keepAliveMs: 5_000,
  closeTimeoutMs: 5_000,
};

const highest: Partial<Record<keyof Limits, number>> = {
  maxFrameBytes: 0xffffff,
  maxHandshakeFrameBytes: 0xffff,
  maxBatchBytes: 0x800000,
};

const verified: unique symbol = Symbol.for('rx-hypercore.limits') as never;

/**
 * Fills in the defaults and checks every value. What it returned once it returns again as it is, so that the layers of a
 * connection, each of which verifies what it is given, share one object.
 *
 * @throws RangeError if a value is not a non-negative integer, is zero where zero makes no sense, or is more than the
 * wire can express or a timer can wait. This is a mistake of the caller, so it is thrown at once.
 * @public
 */
export function verifyLimits(given: Partial<Limits> = defaultLimits): Limits {
  if (given === defaultLimits) return defaultLimits;
  if ((given as { [verified]?: Limits })[verified] === given) return given as Limits;
  const limits: { -readonly [K in keyof Limits]: number } = { ...defaultLimits };
  for (const [name, value] of Object.entries(given) as [keyof Limits, number | undefined][]) {
    if (!(name in defaultLimits)) throw new RangeError(`unknown limit: ${name}`);
    if (value === undefined) continue;
    const lowest = name.endsWith('Ms') ? 0 : 1;
    // Timers of Node and of browsers that are asked to wait for longer fire at once.
    const longest = name.endsWith('Ms') ? 0x7fffffff : Number.MAX_SAFE_INTEGER;
    const most = highest[name] ?? longest;
    if (!Number.isSafeInteger(value) || value < lowest || value > most) {
      throw new RangeError(`${name} must be an integer from ${lowest} to ${most}`);
    }
    limits[name] = value;
  }
  // Names the very object: a copy, or one that inherits from it, is verified anew.
  return Object.freeze(Object.defineProperty(limits, verified, { value: limits }));
}
