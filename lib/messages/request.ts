import type { Codec, EncodingState } from '../encoding/Codec.js';
import { uint } from '../encoding/uint.js';

/** Asks for one block, or for one node of the tree. @public */
export interface RequestBlock {
  /** For a block its number, for a hash the number of the node in the flat tree. */
  readonly index: number;
  /** How many levels of the tree above it the sender does not have. */
  readonly nodes: number;
}

/** Asks for the block that holds a byte. @public */
export interface RequestSeek {
  /** Offset of that byte in the core. */
  readonly bytes: number;
  /** Bytes of each block that do not count, because encryption put them there. */
  readonly padding: number;
}

/** Asks for the proof of a longer core. @public */
export interface RequestUpgrade {
  /** The sender's length. */
  readonly start: number;
  /** How many blocks more. */
  readonly length: number;
}

/**
 * Asks for parts of a core (wire type 1). The answer is a {@link Data} with the same id, a {@link NoData}, or, after a
 * {@link Cancel}, nothing.
 *
 * @public
 */
export interface Request {
  readonly type: 'request';
  /** The sender's number for this request; 0 is answered too, but no id of an ordinary request. */
  readonly id: number;
  /** The fork asked about; another one than the receiver's is answered with {@link NoData}. */
  readonly fork: number;
  readonly block: RequestBlock | null;
  readonly hash: RequestBlock | null;
  /** Only for a remote that announced to support it when it opened the channel. */
  readonly seek: RequestSeek | null;
  readonly upgrade: RequestUpgrade | null;
  /** Asks for the manifest. */
  readonly manifest: boolean;
  /** 0 for ordinary, 1 for high, 2 for very high. */
  readonly priority: number;
}

/** What {@link request} needs to know. @public */
export type RequestFields = Partial<Omit<Request, 'type' | 'id'>> & Pick<Request, 'id'>;

/**
 * Builds a {@link Request}. What is not given is not asked for; fork and priority are 0 unless told.
 *
 * @example
 * ```ts
 * channel.next(request({ id: 1, block: { index: 3, nodes: 0 }, upgrade: { start: 0, length: 10 } }));
 * ```
 * @public
 */
export function request(fields: RequestFields): Request {
  return {
    type: 'request',
    id: fields.id,
    fork: fields.fork ?? 0,
    block: fields.block ?? null,
    hash: fields.hash ?? null,
    seek: fields.seek ?? null,
    upgrade: fields.upgrade ?? null,
    manifest: fields.manifest ?? false,
    priority: fields.priority ?? 0,
  };
}

const BLOCK = 1;
const HASH = 2;
const SEEK = 4;
const UPGRADE = 8;
const MANIFEST = 16;
const PRIORITY = 32;

/** `flags id fork`, then the parts in the order of their flags (hypercore `lib/messages.js`, `wire.request`). @internal */
export const requestCodec: Codec<Request> = {
  preencode(state, message) {
    const { block, hash, seek, upgrade, priority } = message;
    state.end++; // flags
    uint.preencode(state, message.id);
    uint.preencode(state, message.fork);
    if (block) preencodePair(state, block.index, block.nodes);
    if (hash) preencodePair(state, hash.index, hash.nodes);
    if (seek) preencodePair(state, seek.bytes, seek.padding);
    if (upgrade) preencodePair(state, upgrade.start, upgrade.length);
    if (priority) uint.preencode(state, priority);
  },
  encode(state, message) {
    const { block, hash, seek, upgrade, priority } = message;
    state.buffer![state.start++] =
      (block ? BLOCK : 0) |
      (hash ? HASH : 0) |
      (seek ? SEEK : 0) |
      (upgrade ? UPGRADE : 0) |
      (message.manifest ? MANIFEST : 0) |
      (priority ? PRIORITY : 0);
    uint.encode(state, message.id);
    uint.encode(state, message.fork);
    if (block) encodePair(state, block.index, block.nodes);
    if (hash) encodePair(state, hash.index, hash.nodes);
    if (seek) encodePair(state, seek.bytes, seek.padding);
    if (upgrade) encodePair(state, upgrade.start, upgrade.length);
    if (priority) uint.encode(state, priority);
  },
  decode(state) {
    const flags = uint.decode(state);
    return {
      type: 'request',
      id: uint.decode(state),
      fork: uint.decode(state),
      block: flags & BLOCK ? decodeBlock(state) : null,
      hash: flags & HASH ? decodeBlock(state) : null,
      seek: flags & SEEK ? decodeSeek(state, (flags & (UPGRADE | PRIORITY)) === 0) : null,
      upgrade: flags & UPGRADE ? { start: uint.decode(state), length: uint.decode(state) } : null,
      manifest: (flags & MANIFEST) !== 0,
      priority: flags & PRIORITY ? uint.decode(state) : 0,
    };
  },
};

function decodeBlock(state: EncodingState): RequestBlock {
  return { index: uint.decode(state), nodes: uint.decode(state) };
}

/**
 * The Rust crate `hypercore-protocol` leaves the padding out. That can be told only where the bytes end there; in any other
 * place its request would be read as something else, so there a missing padding stays an error.
 */
function decodeSeek(state: EncodingState, isLast: boolean): RequestSeek {
  const bytes = uint.decode(state);
  const padding = isLast && state.start >= state.end ? 0 : uint.decode(state);
  return { bytes, padding };
}

function preencodePair(state: EncodingState, first: number, second: number): void {
  uint.preencode(state, first);
  uint.preencode(state, second);
}

function encodePair(state: EncodingState, first: number, second: number): void {
  uint.encode(state, first);
  uint.encode(state, second);
}
