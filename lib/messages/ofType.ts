import { filter, type OperatorFunction } from 'rxjs';
import type { Message, MessageType } from './Message.js';

/**
 * Keeps the messages of one type, or of several, and says so to the compiler.
 *
 * ```
 * source:         --s--d--r--d--|
 * ofType('data')  -----d-----d--|
 * ```
 *
 * @example
 * ```ts
 * channel.pipe(ofType('data')).subscribe(message => console.log(message.block?.index));
 * ```
 * @public
 */
export function ofType<T extends MessageType>(
  ...types: readonly [T, ...T[]]
): OperatorFunction<Message, Extract<Message, { type: T }>> {
  const wanted: readonly MessageType[] = types;
  return filter((message: Message): message is Extract<Message, { type: T }> =>
    wanted.includes(message.type),
  );
}
