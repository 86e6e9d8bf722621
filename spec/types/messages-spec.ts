import type { Observable, Subject } from 'rxjs';
import { type Data } from '../../lib/messages/data.js';
import { extension } from '../../lib/messages/extension.js';
import type { Message, MessageType } from '../../lib/messages/Message.js';
import { noData } from '../../lib/messages/noData.js';
import { ofType } from '../../lib/messages/ofType.js';
import type { Range } from '../../lib/messages/range.js';
import { range } from '../../lib/messages/range.js';
import { request } from '../../lib/messages/request.js';
import { synchronize } from '../../lib/messages/synchronize.js';
import { want } from '../../lib/messages/want.js';

/** `true` only for the same type: each must be assignable in a place where no conversion is allowed. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

const isTrue = <T extends true>(value: T): T => value;
const sameAs =
  <A>() =>
  <B>(_value: B): Same<A, B> =>
    true as Same<A, B>;

/** Compiled, never run: what matters here is what the compiler says. */
function checks(channel: Subject<Message>): void {
  isTrue(sameAs<Observable<Data>>()(channel.pipe(ofType('data'))));
  isTrue(sameAs<Observable<Data | Range>>()(channel.pipe(ofType('data', 'range'))));
  isTrue(sameAs<Observable<Message>>()(channel.pipe(ofType<MessageType>('want'))));
  // @ts-expect-error the check itself tells types apart
  isTrue(sameAs<Observable<Message>>()(channel.pipe(ofType('data'))));

  // @ts-expect-error there is no such message
  channel.pipe(ofType('dta'));
  // @ts-expect-error a filter without a type lets nothing through
  channel.pipe(ofType());

  channel.next(want({ start: 0, length: 1 }));
  channel.next(synchronize({ length: 10 }));
  channel.next(range({ start: 0 }));
  // @ts-expect-error a window has a length
  channel.next(want({ start: 0 }));
  // @ts-expect-error a request has an id
  channel.next(request({ block: { index: 3, nodes: 0 } }));
  // @ts-expect-error the type is the function's to say
  channel.next(synchronize({ type: 'data' }));
  // @ts-expect-error absent is null or left out, never undefined
  channel.next(noData({ request: 1, reason: undefined }));
  // @ts-expect-error a payload is bytes
  channel.next(extension({ name: 'chat', payload: 'hi' }));

  channel.subscribe(message => {
    switch (message.type) {
      case 'data':
        return isTrue(sameAs<Data>()(message));
      case 'range':
        // @ts-expect-error what was received is not to be changed
        message.start = 1;
        return message.start;
      default:
        // @ts-expect-error only some messages have a block
        return message.block as unknown;
    }
  });
}

describe('types of messages', () => {
  it('compile', () => {
    expect(checks).toBeInstanceOf(Function);
  });
});
