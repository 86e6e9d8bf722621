import type { CryptoBackend } from '../crypto/CryptoBackend.js';
import { StreamHeaderError } from '../errors.js';
import { streamId } from '../keys/streamId.js';
import type { Session } from './Session.js';

const STREAM_ID_BYTES = 32;
const SECRETSTREAM_HEADER_BYTES = 24;

/** Bytes of the first frame's body in each direction: a stream id (32) and libsodium's secretstream header (24). @public */
export const STREAM_HEADER_BYTES = STREAM_ID_BYTES + SECRETSTREAM_HEADER_BYTES;

/**
 * The body of the first frame this side sends after the handshake: the id of its direction, which only the two ends can
 * know, and the header of its secretstream. (Wire: `@hyperswarm/secret-stream`.)
 *
 * @param header - 24 bytes, from the backend's random source; fixed by specs only.
 * @internal
 */
export function createStreamHeader(crypto: CryptoBackend, session: Session, header: Uint8Array): Uint8Array {
  const body = new Uint8Array(STREAM_HEADER_BYTES);
  body.set(streamId(crypto, { isInitiator: session.initiator, handshakeHash: session.handshakeHash }));
  body.set(header, STREAM_ID_BYTES);
  return body;
}

/** A fresh header for {@link createStreamHeader}. @internal */
export function randomHeader(crypto: CryptoBackend): Uint8Array {
  return crypto.randomBytes(SECRETSTREAM_HEADER_BYTES);
}

/**
 * Checks the remote's first frame and returns the header of its secretstream, 24 bytes of their own.
 *
 * @throws StreamHeaderError if it is not 56 bytes long, or carries another id than that of the remote's direction (this
 * side's own id means that it was mirrored).
 * @internal
 */
export function readStreamHeader(crypto: CryptoBackend, session: Session, body: Uint8Array): Uint8Array {
  if (body.length !== STREAM_HEADER_BYTES) {
    throw new StreamHeaderError(`${body.length} bytes instead of ${STREAM_HEADER_BYTES}`);
  }
  const expected = streamId(crypto, {
    isInitiator: !session.initiator,
    handshakeHash: session.handshakeHash,
  });
  if (!crypto.equal(expected, body.subarray(0, STREAM_ID_BYTES))) {
    throw new StreamHeaderError('the stream id is not that of this session');
  }
  return new Uint8Array(body.subarray(STREAM_ID_BYTES)); // `slice` of a Buffer would be a view
}
