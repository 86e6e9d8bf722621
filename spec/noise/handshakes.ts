import type { CryptoBackend, KeyPair } from '../../lib/crypto/CryptoBackend.js';
import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import { HandshakeState, type HandshakeOptions, type NoisePattern } from '../../lib/noise/HandshakeState.js';
import { hex, unhex } from '../helpers/bytes.js';
import ik from '../vectors/noise-ik.json' with { type: 'json' };
import xx from '../vectors/noise-xx.json' with { type: 'json' };

export type Role = 'initiator' | 'responder';

export const roles: readonly Role[] = ['initiator', 'responder'];

export const other = (role: Role): Role => (role === 'initiator' ? 'responder' : 'initiator');

/** The keys of one side in the vectors. */
export interface Side {
  staticSeed: string;
  staticPublicKey: string;
  ephemeralSeed: string;
  ephemeralPublicKey: string;
}

export interface RecordedMessage {
  from: Role;
  payload: string;
  message: string;
  h: string;
  ck: string | null;
}

export interface RecordedResult {
  tx: string;
  rx: string;
  remoteStatic: string;
}

export interface Recorded {
  what: string;
  prologue: string;
  initiator: Side;
  responder: Side;
  messages: RecordedMessage[];
  handshakeHash: string;
  initiatorResult: RecordedResult;
  responderResult: RecordedResult;
}

/** One thing that a side did, as the vectors log it. */
export interface Operation {
  op: 'send' | 'recv';
  step: number;
  by: Role;
  ok: boolean;
  message?: string;
  payload?: string;
}

/** Message `step` of case `case` is replaced by `bytes`, or the responder has another prologue. */
export interface Tampered {
  case: number;
  step: number;
  what: string;
  bytes?: string;
  responderPrologue?: string;
  log: Operation[];
}

export interface Vectors {
  protocol: string;
  cases: Recorded[];
  tampered: Tampered[];
  wrongRemoteStatic?: { remoteStatic: string; initiator: Side; responder: Side; message1: string }[];
  limits: { payloadLength: number; message: number; messageLength?: number; throws?: string }[];
}

export const vectors: Record<NoisePattern, Vectors> = { XX: xx as Vectors, IK: ik as Vectors };

export const patternNames: readonly NoisePattern[] = ['XX', 'IK'];

/**
 * The portable backend, which remembers Diffie–Hellman products and key pairs: most runs here repeat the start of another
 * one, and the two operations are slow. It hands out copies, because its results get wiped.
 */
export function rememberingCrypto(): CryptoBackend {
  const products = new Map<string, Uint8Array | null>();
  const pairs = new Map<string, KeyPair>();
  return {
    ...portableCrypto,
    dh(secretKey, remotePublicKey) {
      const name = hex(secretKey) + hex(remotePublicKey);
      let product = products.get(name);
      if (product === undefined)
        products.set(name, (product = portableCrypto.dh(secretKey, remotePublicKey)));
      return product === null ? null : Uint8Array.from(product);
    },
    keyPair(seed) {
      const name = hex(seed);
      let pair = pairs.get(name);
      if (pair === undefined) pairs.set(name, (pair = portableCrypto.keyPair(seed)));
      return { publicKey: Uint8Array.from(pair.publicKey), secretKey: Uint8Array.from(pair.secretKey) };
    },
  };
}

/** Both sides of a recorded handshake before its first message; an initiator in IK knows the responder. */
export function recordedPair(
  crypto: CryptoBackend,
  pattern: NoisePattern,
  recorded: Pick<Recorded, 'prologue' | Role>,
  changes: Partial<Record<Role, Partial<HandshakeOptions>>> = {},
): Record<Role, HandshakeState> {
  const side = (role: Role): HandshakeState =>
    new HandshakeState({
      crypto,
      pattern,
      initiator: role === 'initiator',
      keyPair: crypto.keyPair(unhex(recorded[role].staticSeed)),
      ephemeralKeyPair: crypto.keyPair(unhex(recorded[role].ephemeralSeed)),
      prologue: unhex(recorded.prologue),
      ...(pattern === 'IK' && role === 'initiator'
        ? { remotePublicKey: unhex(recorded.responder.staticPublicKey) }
        : {}),
      ...changes[role],
    });
  return { initiator: side('initiator'), responder: side('responder') };
}

/** The recorded handshake up to, and without, message `count` (from 0), by fresh sides. */
export function pairAfter(
  crypto: CryptoBackend,
  pattern: NoisePattern,
  recorded: Recorded,
  count: number,
): Record<Role, HandshakeState> {
  const pair = recordedPair(crypto, pattern, recorded);
  for (const { from, payload } of recorded.messages.slice(0, count)) {
    pair[other(from)].read(pair[from].write(unhex(payload)));
  }
  return pair;
}

/**
 * Plays a recorded handshake until it is done or fails, with message `step` replaced by `bytes`, and logs what each side
 * did; `error` is what the last operation threw.
 */
export function play(
  pair: Record<Role, HandshakeState>,
  recorded: Recorded,
  step: number,
  bytes: Uint8Array | undefined,
): { log: Operation[]; failed: HandshakeState | null; error: unknown } {
  const log: Operation[] = [];
  for (const [index, { from, payload }] of recorded.messages.entries()) {
    const by = other(from);
    let message: Uint8Array;
    try {
      message = pair[from].write(unhex(payload));
      log.push({ op: 'send', step: index, by: from, ok: true, message: hex(message) });
    } catch (error) {
      log.push({ op: 'send', step: index, by: from, ok: false });
      return { log, failed: pair[from], error };
    }
    try {
      const received = pair[by].read(index === step && bytes !== undefined ? bytes : message);
      log.push({ op: 'recv', step: index, by, ok: true, payload: hex(received) });
    } catch (error) {
      log.push({ op: 'recv', step: index, by, ok: false });
      return { log, failed: pair[by], error };
    }
  }
  return { log, failed: null, error: undefined };
}

export function caught(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
