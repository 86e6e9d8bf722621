import type { CryptoBackend, KeyPair } from '../../lib/crypto/CryptoBackend.js';
import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import { isHypercoreError } from '../../lib/errors.js';
import type { SecureOptions, SecureOutput } from '../../lib/secret/SecureOptions.js';
import { SecureState } from '../../lib/secret/SecureState.js';
import type { Session, SessionKeys } from '../../lib/secret/Session.js';
import { type ByteRule, bytesOfRule, hex, unhex } from '../helpers/bytes.js';
import vectors from '../vectors/secret-stream-wire.json' with { type: 'json' };

export type Role = 'initiator' | 'responder';

export interface Digest {
  length: number;
  blake2b: string;
  first: string;
  last: string;
}

interface Party {
  staticSeed: string;
  staticPublicKey: string;
  ephemeralSeed: string;
}

export interface RecordedFrame {
  from: Role;
  kind: 'handshake' | 'header' | 'message';
  frame?: string;
  frameDigest?: Digest;
  plaintext?: string;
  plaintextRule?: ByteRule;
}

export interface Conversation {
  what: string;
  pattern: 'XX' | 'IK';
  initiator: Party;
  responder: Party;
  handshakeHash: string;
  initiatorTx: string;
  responderTx: string;
  initiatorHeader: string;
  responderHeader: string;
  frames: RecordedFrame[];
  received: Record<Role, (string | Digest)[]>;
}

export interface Delivery {
  what: string;
  role: Role;
  chunkSize?: number;
  chunks: string[];
  connected: boolean;
  received: string[];
  written: string[];
  error: string | null;
}

export const wire = vectors as unknown as {
  conversations: Conversation[];
  deliveries: { conversation: number; cases: Delivery[] };
  largestMessage: { largestPlaintext: number };
};

export const other = (role: Role): Role => (role === 'initiator' ? 'responder' : 'initiator');

/** A backend whose randomness is given: the seams of the library need no injection of keys or headers of their own. */
export function scripted(...randoms: Uint8Array[]): CryptoBackend {
  const left = randoms.slice();
  return {
    ...portableCrypto,
    randomBytes: length => {
      const next = left.shift();
      if (next?.length !== length) throw new Error(`the spec has no ${length} random bytes left`);
      return next.slice();
    },
  };
}

const results = new Map<string, Uint8Array | KeyPair | null>();

function once<T extends Uint8Array | KeyPair | null>(key: string, compute: () => T): T {
  if (!results.has(key)) results.set(key, compute());
  return results.get(key) as T;
}

/** Computes each point multiplication once: thousands of handshakes with the same keys are what costs a spec its time. */
export function remembering(crypto: CryptoBackend): CryptoBackend {
  return {
    ...crypto,
    keyPair: seed => {
      const pair = once(`pair ${hex(seed)}`, () => crypto.keyPair(seed));
      return { publicKey: pair.publicKey.slice(), secretKey: pair.secretKey.slice() };
    },
    dh: (secretKey, publicKey) =>
      once(`dh ${hex(secretKey)} ${hex(publicKey)}`, () => crypto.dh(secretKey, publicKey))?.slice() ?? null,
  };
}

/** The options with which a side of a recorded conversation writes what was recorded. */
export function optionsOf(conversation: Conversation, role: Role): SecureOptions {
  const own = conversation[role];
  const crypto = remembering(scripted(unhex(own.ephemeralSeed), unhex(conversation[`${role}Header`])));
  return {
    crypto,
    initiator: role === 'initiator',
    pattern: conversation.pattern,
    keyPair: crypto.keyPair(unhex(own.staticSeed)),
    ...(conversation.pattern === 'IK' &&
      role === 'initiator' && { remotePublicKey: unhex(conversation.responder.staticPublicKey) }),
  };
}

export function keysOf(conversation: Conversation, role: Role): SessionKeys {
  return {
    initiator: role === 'initiator',
    publicKey: unhex(conversation[role].staticPublicKey),
    remotePublicKey: unhex(conversation[other(role)].staticPublicKey),
    handshakeHash: unhex(conversation.handshakeHash),
    tx: unhex(conversation[`${role}Tx`]),
    rx: unhex(conversation[`${other(role)}Tx`]),
  };
}

/** All bytes one side wrote in a conversation whose frames are recorded in full. */
export function framesOf(conversation: Conversation, role: Role): Uint8Array[] {
  return conversation.frames.filter(frame => frame.from === role).map(frame => unhex(frame.frame!));
}

export const plaintextOf = (frame: RecordedFrame): Uint8Array =>
  frame.plaintextRule === undefined ? unhex(frame.plaintext!) : bytesOfRule(frame.plaintextRule);

/** What a vector says of some bytes: themselves, or their digest if they are many. */
export function recorded(bytes: Uint8Array, like: string | Digest): string | Digest {
  if (typeof like === 'string') return hex(bytes);
  const { first, last } = { first: hex(bytes.subarray(0, 32)), last: hex(bytes.subarray(-32)) };
  return { ...like, length: bytes.length, blake2b: hex(portableCrypto.hash(32, [bytes])), first, last };
}

/** A machine and all that it told, in order. */
export class Endpoint {
  readonly sent: Uint8Array[] = [];
  readonly received: Uint8Array[] = [];
  readonly log: string[] = [];
  session: Session | null | undefined;
  readonly state: SecureState;

  constructor(
    options: SecureOptions,
    private readonly handlers: Partial<SecureOutput> = {},
  ) {
    this.state = new SecureState(options, {
      send: bytes => {
        this.log.push(`send ${bytes.length}`);
        this.sent.push(bytes);
        this.handlers.send?.(bytes);
      },
      authorize: key => {
        this.log.push('authorize');
        this.handlers.authorize?.(key);
      },
      session: session => {
        this.log.push('session');
        this.session = session;
        this.handlers.session?.(session);
      },
      ready: () => {
        this.log.push('ready');
        this.handlers.ready?.();
      },
      payload: payload => {
        this.log.push(`payload ${payload.length}`);
        this.received.push(payload);
        this.handlers.payload?.(payload);
      },
    });
  }

  /** Starts and takes chunks, until one is refused; the error, or null. */
  run(chunks: Iterable<Uint8Array>): unknown {
    try {
      this.state.start();
      for (const chunk of chunks) this.state.receive(chunk);
      return null;
    } catch (error) {
      return error;
    }
  }
}

/** The code of a typed error; anything else is shown as it is, so that a spec fails with it. */
export const codeOf = (error: unknown): string => (isHypercoreError(error) ? error.code : String(error));

/** Runs something that must throw, and returns what it threw. */
export function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return new Error('nothing was thrown');
}
