import { isHypercoreError } from 'rx-hypercore';

/** Why a connection was lost, for people. */
export function reasonOf(error: unknown): string {
  if (!isHypercoreError(error)) return 'Something went wrong.';
  switch (error.code) {
    case 'ERR_TRANSPORT_FAILED':
      return error.cause instanceof Error && error.cause.message.startsWith('the link')
        ? 'The link is cut.'
        : 'The server cannot be reached.';
    case 'ERR_TRANSPORT_CLOSED':
    case 'ERR_WEBSOCKET_CLOSED':
      return 'The server hung up.';
    case 'ERR_TIMEOUT':
      return 'The server does not answer.';
    default:
      return error.message;
  }
}
