import {
  catchError,
  defaultIfEmpty,
  defer,
  from,
  map,
  type Observable,
  type ObservableInput,
  of,
  take,
} from 'rxjs';

/** The answer of an authorizer, once. Whatever is not `true` is a no: a failure, silence, a truthy mistake. @internal */
export function answerOf(ask: () => boolean | ObservableInput<boolean>): Observable<boolean> {
  return defer(() => {
    const answer = ask();
    return typeof answer === 'boolean' ? of(answer) : from(answer);
  }).pipe(
    take(1),
    map(answer => answer === true),
    defaultIfEmpty(false),
    catchError(() => of(false)),
  );
}
