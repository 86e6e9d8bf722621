import { type Observable, Subject, takeUntil } from 'rxjs';
import { LimitExceededError } from '../errors.js';
import { Queue } from './Queue.js';
import type { SendGate } from './SendGate.js';

/** What is done with what comes while the gate is closed. @internal */
export interface PushFeedOptions<M> {
  readonly buffer: number;
  readonly overflow: 'error' | 'dropOldest' | 'dropNewest';
  readonly dropped?: (message: M) => void;
}

/** Feeds a gate from a source that cannot wait: what comes while it is closed is kept, up to a limit. @internal */
export function pushFeed<M>(source: Observable<M>, gate: SendGate<M>, options: PushFeedOptions<M>): void {
  const { buffer, overflow, dropped } = options;
  const waiting = new Queue<M>();
  const stop = new Subject<void>();
  let completed = false;
  let sending = false;

  const send = (): void => {
    if (sending) return; // called back by what is being sent: the loop below goes on
    sending = true;
    while (gate.isOpen && waiting.size > 0 && gate.send(waiting.shift()));
    sending = false;
    if (completed && waiting.size === 0) gate.complete();
  };
  const refuse = (message: M): void => {
    if (overflow === 'error') {
      gate.fail(new LimitExceededError('buffer', buffer, buffer + 1, 'channel'));
      return;
    }
    const oldest = overflow === 'dropOldest' && buffer > 0;
    const lost = oldest ? waiting.shift() : message;
    if (oldest) waiting.push(message);
    dropped?.(lost);
  };

  gate.onOpen = send;
  gate.onClose(() => {
    stop.next();
    waiting.clear();
  });
  source.pipe(takeUntil(stop)).subscribe({
    next: message => {
      if (!gate.isOpen && waiting.size >= buffer) return refuse(message);
      waiting.push(message);
      send();
    },
    error: error => gate.fail(error),
    complete: () => {
      completed = true;
      send();
    },
  });
}
