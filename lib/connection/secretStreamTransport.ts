import { Observable } from 'rxjs';
import { HandshakeFailedError } from '../errors.js';
import type { Session } from '../secret/Session.js';
import { type DuplexStream, DuplexStreamTransport } from '../transports/nodeDuplex.js';
import type { SecuredTransport } from './SecuredTransport.js';

/** What is used of a `@hyperswarm/secret-stream`, as hyperswarm and hyperdht hand them out. @public */
export interface SecretStream extends DuplexStream {
  /** Whether it is gone already. */
  readonly destroyed?: boolean;
  /** Settles with whether the handshake succeeded. */
  readonly opened: PromiseLike<boolean>;
  readonly isInitiator: boolean;
  readonly publicKey: Uint8Array | null;
  readonly remotePublicKey: Uint8Array | null;
  readonly handshakeHash: Uint8Array | null;
}

/**
 * Takes over a connection that is already encrypted and message-framed: one from hyperswarm or hyperdht, or any
 * `@hyperswarm/secret-stream`.
 *
 * Emits the transport once the stream's own handshake is done and completes when the stream has closed. Errors with
 * `ERR_HANDSHAKE_FAILED` if it ends before that. Unsubscribing destroys the stream.
 *
 * @example
 * ```ts
 * swarm.on('connection', stream => {
 *   secretStreamTransport(stream)
 *     .pipe(hypercoreProtocol({ initiator: stream.isInitiator }), switchMap(protocol => protocol.open(key)))
 *     .subscribe(message => console.log(message.type));
 * });
 * ```
 *
 * @public
 */
export function secretStreamTransport(stream: SecretStream): Observable<SecuredTransport> {
  return new Observable<SecuredTransport>(subscriber => {
    const transport = new DuplexStreamTransport(stream);
    let ready = false;
    const failed = (cause?: unknown): void =>
      subscriber.error(new HandshakeFailedError(1, 'the secret stream closed before it was open', cause));
    const onClose = (): void => (ready ? subscriber.complete() : failed());
    if (stream.destroyed === true) return failed();
    stream.on('close', onClose);
    subscriber.add(() => {
      stream.removeListener('close', onClose);
      stream.destroy();
    });
    stream.opened.then(opened => {
      const { isInitiator: initiator, publicKey, remotePublicKey, handshakeHash } = stream;
      if (!opened || publicKey === null || remotePublicKey === null || handshakeHash === null)
        return failed();
      const session: Session = { initiator, publicKey, remotePublicKey, handshakeHash };
      ready = true;
      subscriber.next(Object.assign(transport, { session }));
    }, failed);
  });
}
