import {
  catchError,
  concatMap,
  defer,
  endWith,
  filter,
  from,
  ignoreElements,
  map,
  merge,
  mergeMap,
  type Observable,
  type ObservableInput,
  of,
  take,
  takeUntil,
  tap,
} from 'rxjs';
import { type Channel, type Data, noData, ofType, range, type Request, synchronize } from 'rx-hypercore';

/** Where blocks and their proofs come from. */
export interface BlockSource {
  /** How often the core was truncated. */
  readonly fork: number;
  /** Whether the core's key is the hash of a manifest; {@link BlockSource.proof} then gives it where it is asked for. */
  readonly hasManifest: boolean;
  /** The length, at once and whenever it has grown. */
  readonly lengths: Observable<number>;
  /** The answer to a request, or null if there is none. */
  proof(request: Request): ObservableInput<Data | null>;
}

/** Proofs in the making at a time; further requests wait. */
const PROOFS_AT_A_TIME = 16;

/**
 * Serves the blocks of a source on a channel: announces what there is and what is added, answers requests as fast as the
 * link takes the answers. Emits each answer when it has been sent, and completes when the remote closes the channel.
 */
export function serveBlocks(channel: Channel, source: BlockSource): Observable<Data> {
  return defer(() => {
    const { fork, hasManifest } = source;
    let length = 0;
    let remoteLength = 0;

    // Both sides "download", or hypercore would take the channel for idle and close it.
    const announce = (): void => channel.next(synchronize({ fork, length, remoteLength, hasManifest }));

    const growth = source.lengths.pipe(
      tap(longer => {
        const added = range({ start: length, length: longer - length });
        length = longer;
        announce();
        if (added.length > 0) channel.next(added);
      }),
    );

    const acknowledgements = channel.pipe(
      ofType('synchronize'),
      tap(remote => (remoteLength = remote.fork === fork ? remote.length : 0)),
      // It asks for what it lacks only when it has read its own length from us. A reply to a remote that is as long or
      // longer would be replied to in turn, without end.
      filter(remote => remote.fork === fork && remote.length < length),
      tap(announce),
    );

    const availability = channel.pipe(
      ofType('want'),
      filter(() => length > 0),
      tap(() => channel.next(range({ start: 0, length }))),
    );

    const prove = (request: Request): Observable<{ request: Request; proof: Data | null }> => {
      const cancelled = channel.pipe(
        ofType('cancel'),
        filter(message => message.request === request.id),
      );
      return from(source.proof(request)).pipe(
        catchError(() => of(null)),
        map(proof => ({ request, proof })),
        takeUntil(cancelled),
      );
    };

    const refuse = ({ id, block }: Request): void => {
      // Without the first message hypercore would ask again at once, for ever.
      if (block !== null) channel.next(range({ drop: true, start: block.index }));
      channel.next(noData({ request: id }));
    };

    const answers = channel.pipe(
      ofType('request'),
      mergeMap(prove, PROOFS_AT_A_TIME),
      concatMap(answer =>
        channel.drained.pipe(
          filter(Boolean),
          take(1),
          map(() => answer),
        ),
      ),
      tap(({ request, proof }) => (proof === null ? refuse(request) : channel.next(proof))),
      map(({ proof }) => proof),
      filter(proof => proof !== null),
    );

    return merge(answers, merge(acknowledgements, availability, growth).pipe(ignoreElements())).pipe(
      takeUntil(channel.pipe(ignoreElements(), endWith(undefined))),
    );
  });
}
