import {
  type ConnectionPhase,
  type HypercoreError,
  isHypercoreError,
  TransportFailedError,
} from '../errors.js';

/**
 * What a transport failed with, as this library tells it: its own errors as they are, any other as the cause of one. A
 * transport does not know how far the connection had come, so that is said here.
 *
 * @internal
 */
export function transportFailure(error: unknown, phase: ConnectionPhase): HypercoreError {
  if (!isHypercoreError(error)) return new TransportFailedError(error, phase);
  if (error.code !== 'ERR_TRANSPORT_FAILED') return error;
  const { phase: known, cause } = error as TransportFailedError;
  return known === null ? new TransportFailedError(cause, phase) : error;
}
