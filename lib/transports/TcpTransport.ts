import { DuplexStreamTransport } from './nodeDuplex.js';

/**
 * A TCP socket. What it was given and does not queue was copied by the system: a write that Node cannot finish at once
 * counts as queued until it is done.
 *
 * @internal
 */
export class TcpTransport extends DuplexStreamTransport {
  get allSent(): boolean {
    return this.queuedBytes === 0;
  }
}
