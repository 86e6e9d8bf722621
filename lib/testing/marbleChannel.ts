import type { Observable } from 'rxjs';
import { EMPTY, of, ReplaySubject, Subscription } from 'rxjs';
import { Channel } from '../connection/Channel.js';
import { encode } from '../encoding/encode.js';
import type { Message } from '../messages/Message.js';
import { messageCodecs } from '../messages/wireTypes.js';

/** A channel without a connection, and what an application sends on it. @public */
export interface MarbleChannel {
  /** Open from the start. */
  readonly channel: Channel;
  /** The messages the application sends; completes when it closes the channel. */
  readonly sent: Observable<Message>;
}

/**
 * A real {@link Channel} whose remote is an Observable: a conversation becomes a picture.
 *
 * `remote` emits what the remote says; its completion is the remote's close, its error the end of the connection. It is
 * subscribed at once, so give it a hot or a scheduled one.
 *
 * @example
 * ```ts
 * const { channel, sent } = marbleChannel(hot('--s-|', { s: synchronize({ length: 1 }) }));
 * answer(channel);
 * expectObservable(sent).toBe('              --q-', { q: request({ id: 1, upgrade: { start: 0, length: 1 } }) });
 * ```
 *
 * @public
 */
export function marbleChannel(remote: Observable<Message> = EMPTY): MarbleChannel {
  const outbound = new ReplaySubject<Message>(); // also for who subscribes after the first message
  const key = new Uint8Array(32);
  const channel = new Channel(key, key, {
    drained: of(true),
    maxPendingMessages: Infinity,
    namesExtensions: true, // what an application says, not how it is shortened on the wire
    pause: () => new Subscription(),
    channelSignal: () => undefined,
    channelEnded: () => undefined,
  });
  channel.attach({
    send: (type, message) => {
      encode(messageCodecs[type], message as Message); // what cannot be sent throws here too
      outbound.next(message as Message);
      return true;
    },
    close: () => outbound.complete(),
  });
  channel.remoteOpened();
  remote.subscribe({
    next: message => channel.receive(message),
    error: error => channel.end(error),
    complete: () => channel.end(),
  });
  return { channel, sent: outbound.asObservable() };
}
