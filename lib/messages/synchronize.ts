import type { Codec } from '../encoding/Codec.js';
import { uint } from '../encoding/uint.js';

/**
 * The state of a peer's core, sent on opening and whenever it changes (wire type 0, `sync` in hypercore).
 *
 * @public
 */
export interface Synchronize {
  readonly type: 'synchronize';
  /** How often the core was truncated. */
  readonly fork: number;
  /** Blocks in the sender's core. */
  readonly length: number;
  /**
   * The length last heard from the receiver, 0 if the forks differ. A hypercore asks for an upgrade only from a peer that
   * has told it its own length back here.
   */
  readonly remoteLength: number;
  /** The sender can prove the way from the receiver's length to its own. */
  readonly canUpgrade: boolean;
  /** The sender serves data. */
  readonly uploading: boolean;
  /** The sender is interested in data. When neither side is, hypercore closes the channel. */
  readonly downloading: boolean;
  /** The sender has the manifest, and the core's key is the hash of it. */
  readonly hasManifest: boolean;
  /** Data nobody asked for is welcome (hypercore 11; ignored by 10). */
  readonly allowPush: boolean;
}

/**
 * Builds a {@link Synchronize}. Unless told: empty, fork 0, uploading and downloading, able to upgrade.
 *
 * @public
 */
export function synchronize(fields: Partial<Omit<Synchronize, 'type'>> = {}): Synchronize {
  return {
    type: 'synchronize',
    fork: fields.fork ?? 0,
    length: fields.length ?? 0,
    remoteLength: fields.remoteLength ?? 0,
    canUpgrade: fields.canUpgrade ?? true,
    uploading: fields.uploading ?? true,
    downloading: fields.downloading ?? true,
    hasManifest: fields.hasManifest ?? false,
    allowPush: fields.allowPush ?? false,
  };
}

/** `flags fork length remoteLength` (hypercore `lib/messages.js`, `wire.sync`). @internal */
export const synchronizeCodec: Codec<Synchronize> = {
  preencode(state, message) {
    state.end++; // flags
    uint.preencode(state, message.fork);
    uint.preencode(state, message.length);
    uint.preencode(state, message.remoteLength);
  },
  encode(state, message) {
    state.buffer![state.start++] =
      (message.canUpgrade ? 1 : 0) |
      (message.uploading ? 2 : 0) |
      (message.downloading ? 4 : 0) |
      (message.hasManifest ? 8 : 0) |
      (message.allowPush ? 16 : 0);
    uint.encode(state, message.fork);
    uint.encode(state, message.length);
    uint.encode(state, message.remoteLength);
  },
  decode(state) {
    const flags = uint.decode(state);
    return {
      type: 'synchronize',
      fork: uint.decode(state),
      length: uint.decode(state),
      remoteLength: uint.decode(state),
      canUpgrade: (flags & 1) !== 0,
      uploading: (flags & 2) !== 0,
      downloading: (flags & 4) !== 0,
      hasManifest: (flags & 8) !== 0,
      allowPush: (flags & 16) !== 0,
    };
  },
};
