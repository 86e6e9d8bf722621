import { type ForeignProtocol, ForeignProtocolError, type HypercoreError } from '../errors.js';
import { type NoisePattern, messageLengths } from '../noise/patterns.js';

/** Enough to tell every protocol below. */
const KEPT = 64;

/**
 * The first bytes of a remote, kept until its handshake is done: if that fails, they may tell what it speaks instead.
 * They are as public as everything on the wire before a handshake has keys.
 *
 * @internal
 */
export class Opening {
  private readonly bytes = new Uint8Array(KEPT);
  private received = 0;

  constructor(
    private readonly pattern: NoisePattern,
    private readonly initiator: boolean,
  ) {}

  note(chunk: Uint8Array): void {
    if (this.received < KEPT) this.bytes.set(chunk.subarray(0, KEPT - this.received), this.received);
    this.received += chunk.length;
  }

  /**
   * The error with which a handshake failed, under a better name if there is one; as it is where the bytes tell nothing.
   */
  explain(error: HypercoreError): HypercoreError {
    if (!explainable.includes(error.code)) return error;
    const speaks = this.recognize();
    return speaks === null ? error : new ForeignProtocolError(speaks, error);
  }

  private recognize(): ForeignProtocol | null {
    const { bytes, received } = this;
    if (received < 3) return null; // not even a length
    // Hypercore up to 8 (`hypercore-protocol` 6): length, channel 0, the discovery key (field 1, 32 bytes) in the clear.
    if (bytes[1] === 0 && bytes[2] === 0x0a && bytes[3] === 0x20) return 'hypercore-9';
    // Hypercore 9 (`hypercore-protocol` 7 and 8): a length as varint, a key, and a nonce of 24 bytes (field 1).
    if (bytes[0] === 0x3a && received >= 35 && bytes[33] === 0x0a && bytes[34] === 0x18) return 'hypercore-9';
    // Its answer, of which everything but the key is encrypted: a length that no frame has, and just so many bytes.
    if (this.initiator && bytes[0] === 0x7a && received === 123) return 'hypercore-9';
    const start = String.fromCharCode(...bytes.subarray(0, 4));
    if (httpStarts.includes(start)) return 'http';
    if (start === 'SSH-') return 'ssh';
    // A record of a handshake, or the alert by which a server refuses what is none.
    if ((bytes[0] === 0x16 || bytes[0] === 0x15) && bytes[1] === 3 && bytes[2] <= 4) return 'tls';
    return this.otherNoise(bytes[0] | (bytes[1] << 8) | (bytes[2] << 16));
  }

  /** By the length of its first message: what a side of another pattern, or of the same role, would send. */
  private otherNoise(length: number): ForeignProtocol | null {
    const { pattern, initiator } = this;
    const own = messageLengths(pattern);
    if (length === own[initiator ? 1 : 0]) return null;
    if (initiator && length === own[0]) return 'same-role';
    const other = pattern === 'XX' ? 'IK' : 'XX';
    const theirs = messageLengths(other);
    if (length !== theirs[initiator ? 1 : 0]) return null;
    return other === 'IK' ? 'noise-ik' : 'noise-xx';
  }
}

/** Of an answer, of requests, and of the preface of HTTP/2 (RFC 9113 section 3.4). */
const httpStarts: readonly string[] = [
  'HTTP',
  'GET ',
  'POST',
  'PUT ',
  'HEAD',
  'DELE',
  'OPTI',
  'PATC',
  'CONN',
  'PRI ',
];

const explainable: readonly string[] = [
  'ERR_HANDSHAKE_FAILED',
  'ERR_FRAME_TOO_LARGE',
  'ERR_FRAME_TRUNCATED',
  'ERR_FRAME_EMPTY',
  'ERR_TRANSPORT_FAILED',
  'ERR_TRANSPORT_CLOSED',
  'ERR_TIMEOUT',
];
