import { RECORD_OVERHEAD } from '../crypto/CryptoBackend.js';
import type { Codec } from '../encoding/Codec.js';
import { bytes } from '../encoding/bytes.js';
import { decode } from '../encoding/decode.js';
import { text } from '../encoding/text.js';
import { uint } from '../encoding/uint.js';
import { FrameTooLargeError } from '../errors.js';
import { data, type Data } from '../messages/data.js';
import { extension, extensionCodec, type Extension } from '../messages/extension.js';
import type { Message } from '../messages/Message.js';
import { noData, type NoData } from '../messages/noData.js';
import { request, type Request } from '../messages/request.js';
import { unwant, type Unwant } from '../messages/unwant.js';
import { want, type Want } from '../messages/want.js';
import { messageCodecs, wireTypeOf } from '../messages/wireTypes.js';
import type { PeerProfile } from './PeerProfile.js';

/** What a message needs beyond its body in a payload of its own: a channel's number and the type's. */
const CHANNEL_AND_TYPE = 6;

/**
 * The messages of a Hypercore channel as the Rust crate writes and reads them, at the positions that are their numbers. What
 * it has no place for is left out; what cannot reach it throws where it is sent.
 *
 * @internal
 */
export function rustCodecs({ dialect, maxPayloadBytes }: PeerProfile): readonly Codec<Message>[] {
  const codecs = [...messageCodecs];
  const replace = <M extends Message>(type: M['type'], codec: Codec<M>): void => {
    codecs[wireTypeOf(type)] = codec;
  };
  // The crate 0.7 takes what follows a message for another one.
  replace<NoData>(
    'noData',
    writing('noData', message => noData({ request: message.request })),
  );
  replace<Want>(
    'want',
    writing('want', ({ start, length }) => want({ start, length })),
  );
  replace<Unwant>(
    'unwant',
    writing('unwant', ({ start, length }) => unwant({ start, length })),
  );
  replace<Data>(
    'data',
    writing('data', message => (message.manifest ? data({ ...message, manifest: null }) : message)),
  );
  replace<Request>('request', rustRequest);
  replace<Extension>('extension', dialect === 'rust-0.6' ? extension06 : extension07);
  return codecs.map(codec => limited(codec, maxPayloadBytes));
}

/** The usual codec, for a message from which something was taken before. */
function writing<M extends Message>(type: M['type'], reduce: (message: M) => M): Codec<M> {
  const codec = messageCodecs[wireTypeOf(type)] as unknown as Codec<M>;
  return {
    preencode: (state, message) => codec.preencode(state, reduce(message)),
    encode: (state, message) => codec.encode(state, reduce(message)),
    decode: state => codec.decode(state),
  };
}

/** Refuses what would not arrive: the remote would wait for it without end, and so would whoever sent it. */
function limited(codec: Codec<Message>, maxPayloadBytes: number): Codec<Message> {
  return {
    preencode(state, message) {
      const before = state.end;
      codec.preencode(state, message);
      const payload = CHANNEL_AND_TYPE + state.end - before;
      if (payload > maxPayloadBytes) {
        throw new FrameTooLargeError(payload + RECORD_OVERHEAD, maxPayloadBytes + RECORD_OVERHEAD);
      }
    },
    encode: (state, message) => codec.encode(state, message),
    decode: state => codec.decode(state),
  };
}

const BLOCK = 1;
const HASH = 2;
const SEEK = 4;
const UPGRADE = 8;
const MANIFEST = 16;
const PRIORITY = 32;

/** `flags id fork`, then the parts, of which a seek is the bytes alone (hypercore-protocol `schema.rs`, `Request`). */
const rustRequest: Codec<Request> = {
  preencode(state, { id, fork, block, hash, seek, upgrade, priority }) {
    state.end++; // flags
    for (const field of [id, fork, ...pair(block), ...pair(hash)]) uint.preencode(state, field);
    if (seek) uint.preencode(state, seek.bytes);
    if (upgrade) for (const field of [upgrade.start, upgrade.length]) uint.preencode(state, field);
    if (priority) uint.preencode(state, priority);
  },
  encode(state, { id, fork, block, hash, seek, upgrade, manifest, priority }) {
    state.buffer![state.start++] =
      (block ? BLOCK : 0) |
      (hash ? HASH : 0) |
      (seek ? SEEK : 0) |
      (upgrade ? UPGRADE : 0) |
      (manifest ? MANIFEST : 0) |
      (priority ? PRIORITY : 0);
    for (const field of [id, fork, ...pair(block), ...pair(hash)]) uint.encode(state, field);
    if (seek) uint.encode(state, seek.bytes);
    if (upgrade) for (const field of [upgrade.start, upgrade.length]) uint.encode(state, field);
    if (priority) uint.encode(state, priority);
  },
  decode(state) {
    const next = (): number => uint.decode(state);
    const flags = next();
    return request({
      id: next(),
      fork: next(),
      block: flags & BLOCK ? { index: next(), nodes: next() } : null,
      hash: flags & HASH ? { index: next(), nodes: next() } : null,
      seek: flags & SEEK ? { bytes: next(), padding: 0 } : null,
      upgrade: flags & UPGRADE ? { start: next(), length: next() } : null,
      manifest: (flags & MANIFEST) !== 0,
      priority: flags & PRIORITY ? next() : 0,
    });
  },
};

function pair(part: { readonly index: number; readonly nodes: number } | null): readonly number[] {
  return part === null ? [] : [part.index, part.nodes];
}

/** As Hypercore's, but the crate 0.6 takes an empty payload for bytes that are missing. */
const extension06: Codec<Extension> = {
  preencode(state, message) {
    if (message.payload.length === 0) {
      throw new RangeError('the crate 0.6 cannot read an extension message without a payload');
    }
    extensionCodec.preencode(state, message);
  },
  encode: (state, message) => extensionCodec.encode(state, message),
  decode: state => extensionCodec.decode(state),
};

/** `name payload`, the payload behind its length (hypercore-protocol 0.7 `schema.rs`, `Extension`). */
const extension07: Codec<Extension> = {
  preencode(state, { name, payload }) {
    text.preencode(state, name);
    bytes.preencode(state, payload);
  },
  encode(state, { name, payload }) {
    text.encode(state, name);
    bytes.encode(state, payload);
  },
  decode(state) {
    const { name, payload } = extensionCodec.decode(state);
    return extension({ name, payload: decode(bytes, payload) });
  },
};
