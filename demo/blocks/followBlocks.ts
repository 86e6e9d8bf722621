import {
  AsyncSubject,
  concatAll,
  concatMap,
  concatWith,
  defer,
  EMPTY,
  endWith,
  finalize,
  ignoreElements,
  map,
  merge,
  Observable,
  range,
  Subject,
  type Subscriber,
  takeUntil,
  tap,
  throwError,
} from 'rxjs';
import {
  cancel,
  type Channel,
  type Data,
  type NoData,
  ofType,
  request,
  type RequestFields,
  type Synchronize,
  synchronize,
} from 'rx-hypercore';

/** One block of a core. */
export interface Block {
  readonly index: number;
  readonly value: Uint8Array;
  /** How long the core is, as far as this side knows. */
  readonly length: number;
}

export interface FollowOptions {
  /** First block. */
  readonly start?: number;
  /** Requests in flight at a time; hypercore itself keeps 48 over TCP. */
  readonly window?: number;
}

/**
 * The blocks of the core behind a channel, in order: first those that exist, then those that the remote appends.
 * Completes when the remote closes the channel; fails if the remote then owes an answer, or says that it has none.
 *
 * **It believes what it is told.** Nothing here checks a hash or a signature: that takes a log with a Merkle tree of its
 * own, which is not in this demo. Use it with a remote that you trust, or check the blocks yourself.
 */
export function followBlocks(channel: Channel, options: FollowOptions = {}): Observable<Block> {
  const { start = 0, window = 48 } = options;
  return defer(() => {
    const asked = new Map<number, Subscriber<Data>>();
    const delivered = new Subject<void>();
    const stopped = new Subject<void>();
    let lastId = 0;
    let fork = 0;
    let length = 0; // as far as the remote proved it
    let next = start; // the block to ask for
    let done = start; // the block to emit

    const announce = (remoteLength: number): void =>
      channel.next(synchronize({ fork, length, remoteLength, canUpgrade: false, uploading: false }));

    const ask = (parts: Pick<RequestFields, 'block' | 'upgrade'>): Observable<Data> =>
      new Observable(subscriber => {
        const id = ++lastId;
        asked.set(id, subscriber);
        channel.next(request({ id, fork, ...parts }));
        return () => asked.delete(id) && channel.next(cancel({ request: id }));
      });

    const answer = (message: Data | NoData): void => {
      const subscriber = asked.get(message.request);
      asked.delete(message.request);
      if (message.type === 'noData') {
        subscriber?.error(new Error('the remote does not have what it announced'));
      } else {
        subscriber?.next(message);
        subscriber?.complete();
      }
    };

    /** Asks for the proof of the longer core, then tells the remote that we are as long now. */
    const upgrade = (remote: Synchronize): Observable<unknown> => {
      if (length > 0 && remote.fork !== fork) return throwError(() => new Error('the core was truncated'));
      fork = remote.fork;
      // A remote that has not heard of our length yet says so again once it has.
      if (remote.length <= length || remote.remoteLength !== length || !remote.canUpgrade) return EMPTY;
      return ask({ upgrade: { start: length, length: remote.length - length } }).pipe(
        tap(() => {
          length = remote.length;
          announce(length);
        }),
      );
    };

    /** Sends a request now and keeps its answer until it is its turn. */
    const startAsking = (index: number): Observable<Data> => {
      const answered = new AsyncSubject<Data>();
      // No nodes: we keep no tree to which they could lead.
      ask({ block: { index, nodes: 0 } })
        .pipe(takeUntil(stopped))
        .subscribe(answered);
      return answered;
    };

    const answers = channel.pipe(
      ofType('data', 'noData'),
      tap(answer),
      concatWith(
        defer(() => (asked.size > 0 ? throwError(() => new Error('the channel closed too early')) : EMPTY)),
      ),
      ignoreElements(),
    );
    const upgrades = channel.pipe(ofType('synchronize'), concatMap(upgrade));
    const blocks = merge(upgrades, delivered).pipe(
      concatMap(() => {
        const from = next;
        next = Math.max(from, Math.min(length, done + window));
        return range(from, next - from);
      }),
      map(startAsking),
      concatAll(),
      map(({ block }): Block => {
        if (block?.index !== done) throw new Error('the remote answered with another block');
        return { index: done++, value: block.value, length };
      }),
      tap(() => delivered.next()),
      takeUntil(channel.pipe(ignoreElements(), endWith(undefined))),
    );
    const hello = defer(() => {
      announce(0);
      return EMPTY;
    });
    return merge(answers, blocks, hello).pipe(finalize(() => stopped.next()));
  });
}
