import { isObservable, type ObservableInput } from 'rxjs';
import type { SendGate } from './SendGate.js';

/** A source that waits until it is asked. @internal */
export interface PullSource<M> {
  next(): IteratorResult<M, unknown> | PromiseLike<IteratorResult<M, unknown>>;
  /** No more will be asked of it. */
  return?(): unknown;
}

/** How to ask a source that can wait; null for one that cannot. @internal */
export function pullSourceOf<M>(
  source: ObservableInput<M> | ReadableStream<M>,
): (() => PullSource<M>) | null {
  if (isObservable(source) || typeof source !== 'object') return null;
  if ('getReader' in source) return () => streamSource(source as ReadableStream<M>);
  if (Symbol.asyncIterator in source) return () => source[Symbol.asyncIterator]();
  if (Symbol.iterator in source) return () => source[Symbol.iterator]();
  return null;
}

/** Asks through a reader: not every platform's streams are iterable, and a read that is under way can be given up. */
function streamSource<M>(stream: ReadableStream<M>): PullSource<M> {
  const reader = stream.getReader();
  return {
    async next() {
      const step = await reader.read();
      if (step.done) reader.releaseLock();
      return step;
    },
    return: () => reader.cancel(),
  };
}

/** Feeds a gate from a source that can wait: the next message is asked for only while the gate is open. @internal */
export function pullFeed<M>(open: () => PullSource<M>, gate: SendGate<M>): void {
  let source: PullSource<M> | null = null;
  /** What a question brought after the gate had closed. */
  let late: { readonly value: M } | null = null;
  let asking = false;

  const failed = (error: unknown): void => {
    source = null; // it ended by itself
    gate.fail(error);
  };
  /** Takes an answer; false if there is nothing more to ask. */
  const take = (step: IteratorResult<M, unknown>): boolean => {
    if (step.done === true) {
      source = null;
      gate.complete();
      return false;
    }
    if (gate.isOpen) return gate.send(step.value);
    late = { value: step.value };
    return true;
  };
  const ask = (): void => {
    if (asking) return;
    asking = true;
    if (late !== null && gate.isOpen) {
      const { value } = late;
      late = null;
      gate.send(value);
    }
    while (gate.isOpen && source !== null) {
      let answer: ReturnType<PullSource<M>['next']>;
      try {
        answer = source.next();
      } catch (error) {
        failed(error);
        break;
      }
      if ('then' in answer) {
        answer.then(
          step => {
            asking = false;
            if (!gate.isClosed && take(step)) ask();
          },
          (error: unknown) => failed(error),
        );
        return; // still asking
      }
      if (!take(answer)) break;
    }
    asking = false;
  };

  gate.onOpen = ask;
  gate.onClose(() => {
    const left = source;
    source = late = null;
    if (left !== null) release(left);
  });
  try {
    source = open();
  } catch (error) {
    return failed(error);
  }
  ask();
}

/** However it takes that, there is nobody left to tell. */
function release(source: PullSource<unknown>): void {
  try {
    const done = source.return?.();
    if (typeof done === 'object' && done !== null && 'then' in done) {
      (done as Promise<unknown>).then(undefined, () => undefined);
    }
  } catch {
    // a generator that is running, or one that throws
  }
}
