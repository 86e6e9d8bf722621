import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import { WebSocketClosedError } from '../../errors.js';
import { type VerifiedBounds, WebSocketTransport } from '../WebSocketTransport.js';
import type { AcceptedTransport } from './webSocketListen.js';

/** How long a page that is being refused may take to close, in milliseconds. */
const CLOSE_TIMEOUT_MS = 2_000;

/** The server's end of a WebSocket of `ws`, which says when it has written, stops reading and can be cut off. @internal */
export class AcceptedWebSocket extends WebSocketTransport implements AcceptedTransport {
  constructor(
    private readonly accepted: WebSocket,
    bounds: VerifiedBounds,
    readonly request: IncomingMessage,
  ) {
    accepted.binaryType = 'nodebuffer';
    // What it has to say comes with its close code.
    accepted.on('error', () => undefined);
    super(accepted, bounds);
    // Nothing is read before there is somebody to take it.
    accepted.pause();
  }

  /** Ends it because the server does. */
  goAway(): void {
    this.error(new WebSocketClosedError(1001, 'the server is closing'));
  }

  protected override post(bytes: Uint8Array): void {
    this.accepted.send(bytes, this.onWritten);
  }

  protected override awaitDrain(): void {
    // Every write says when it is done.
  }

  protected override closeWith(code: number, reason: string): void {
    if (!isSendable(code)) return this.accepted.terminate();
    this.accepted.resume(); // or the answer of the remote would not be read
    this.accepted.close(code, reason);
    const timer = this.bounds.scheduler.schedule(() => this.accepted.terminate(), CLOSE_TIMEOUT_MS);
    this.accepted.once('close', () => timer.unsubscribe());
  }

  private readonly onWritten = (): void => this.verifyDrained();
}

/** Codes that may stand in a close frame (RFC 6455 section 7.4); the others only report what there was instead of one. */
function isSendable(code: number): boolean {
  return (
    (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999)
  );
}
