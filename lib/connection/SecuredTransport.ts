import type { Session } from '../secret/Session.js';
import type { Transport } from '../transports/Transport.js';

/**
 * A transport that somebody else encrypted and that keeps message borders: each chunk is one whole payload, in both
 * directions. Handshake and framing are skipped on it.
 *
 * @public
 */
export type SecuredTransport = Transport & { readonly session: Session };
