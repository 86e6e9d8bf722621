import type { Codec } from '../encoding/Codec.js';
import { uint } from '../encoding/uint.js';
import { manifestCodec, type Manifest } from './manifest.js';
import {
  dataBlockCodec,
  dataHashCodec,
  dataSeekCodec,
  dataUpgradeCodec,
  type DataBlock,
  type DataHash,
  type DataSeek,
  type DataUpgrade,
} from './proof.js';

/**
 * Parts of a core with their proofs (wire type 3), the answer to a {@link Request}.
 *
 * Read from the wire, `block.value`, hashes and signatures are views of the payload they came in: copy what is kept,
 * because a view of 32 bytes keeps the whole payload in memory.
 *
 * @public
 */
export interface Data {
  readonly type: 'data';
  /** Id of the request, 0 if nobody asked. */
  readonly request: number;
  readonly fork: number;
  readonly block: DataBlock | null;
  readonly hash: DataHash | null;
  readonly seek: DataSeek | null;
  readonly upgrade: DataUpgrade | null;
  readonly manifest: Manifest | null;
}

/** What {@link data} needs to know. @public */
export type DataFields = Partial<Omit<Data, 'type' | 'request'>> & Pick<Data, 'request'>;

/**
 * Builds a {@link Data}. What is not given is not in it; the fork is 0 unless told. It must hold nothing that was not asked
 * for: hypercore drops the whole message otherwise.
 *
 * @example
 * ```ts
 * channel.next(data({ request: 1, block: { index: 3, value, nodes: [] } }));
 * ```
 * @public
 */
export function data(fields: DataFields): Data {
  return {
    type: 'data',
    request: fields.request,
    fork: fields.fork ?? 0,
    block: fields.block ?? null,
    hash: fields.hash ?? null,
    seek: fields.seek ?? null,
    upgrade: fields.upgrade ?? null,
    manifest: fields.manifest ?? null,
  };
}

const BLOCK = 1;
const HASH = 2;
const SEEK = 4;
const UPGRADE = 8;
const MANIFEST = 16;

/** `flags request fork`, then the parts in the order of their flags (hypercore `lib/messages.js`, `wire.data`). @internal */
export const dataCodec: Codec<Data> = {
  preencode(state, message) {
    state.end++; // flags
    uint.preencode(state, message.request);
    uint.preencode(state, message.fork);
    if (message.block) dataBlockCodec.preencode(state, message.block);
    if (message.hash) dataHashCodec.preencode(state, message.hash);
    if (message.seek) dataSeekCodec.preencode(state, message.seek);
    if (message.upgrade) dataUpgradeCodec.preencode(state, message.upgrade);
    if (message.manifest) manifestCodec.preencode(state, message.manifest);
  },
  encode(state, message) {
    state.buffer![state.start++] =
      (message.block ? BLOCK : 0) |
      (message.hash ? HASH : 0) |
      (message.seek ? SEEK : 0) |
      (message.upgrade ? UPGRADE : 0) |
      (message.manifest ? MANIFEST : 0);
    uint.encode(state, message.request);
    uint.encode(state, message.fork);
    if (message.block) dataBlockCodec.encode(state, message.block);
    if (message.hash) dataHashCodec.encode(state, message.hash);
    if (message.seek) dataSeekCodec.encode(state, message.seek);
    if (message.upgrade) dataUpgradeCodec.encode(state, message.upgrade);
    if (message.manifest) manifestCodec.encode(state, message.manifest);
  },
  decode(state) {
    const flags = uint.decode(state);
    return {
      type: 'data',
      request: uint.decode(state),
      fork: uint.decode(state),
      block: flags & BLOCK ? dataBlockCodec.decode(state) : null,
      hash: flags & HASH ? dataHashCodec.decode(state) : null,
      seek: flags & SEEK ? dataSeekCodec.decode(state) : null,
      upgrade: flags & UPGRADE ? dataUpgradeCodec.decode(state) : null,
      manifest: flags & MANIFEST ? manifestCodec.decode(state) : null,
    };
  },
};
