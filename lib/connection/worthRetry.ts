import { isHypercoreError, type WebSocketClosedError } from '../errors.js';

/**
 * Whether an error may be gone at the next attempt: a link that was cut, refused or silent, bytes that were altered, a
 * server that is full. Not worth it is what the remote decided (it is somebody else, it refuses this side, it speaks
 * another protocol) and what is no error of this library, such as a mistake in the address.
 *
 * Of a WebSocket's close codes 1002, 1003, 1007 to 1010, 3000 and 3003 are refusals, and 4400 to 4499, which by custom
 * mean what HTTP means by 400 to 499, but for 4408 and 4429.
 *
 * @public
 */
export function worthRetry(error: unknown): boolean {
  if (!isHypercoreError(error)) return false;
  switch (error.code) {
    case 'ERR_CHANNEL_CLOSED':
      return worthRetry(error.cause);
    case 'ERR_WEBSOCKET_CLOSED':
      return !isRefusal((error as WebSocketClosedError).closeCode);
    case 'ERR_TRANSPORT_FAILED':
    case 'ERR_TRANSPORT_CLOSED':
    case 'ERR_TIMEOUT':
    case 'ERR_FRAME_TRUNCATED':
    case 'ERR_DECRYPT_FAILED':
      return true;
    default:
      return false;
  }
}

function isRefusal(closeCode: number): boolean {
  if (closeCode >= 4400 && closeCode < 4500) return closeCode !== 4408 && closeCode !== 4429;
  return [1002, 1003, 1007, 1008, 1009, 1010, 3000, 3003].includes(closeCode);
}
