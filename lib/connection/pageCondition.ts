import { distinctUntilChanged, Observable } from 'rxjs';

/** Whether there is a point in connecting now. @public */
export type PageCondition = 'ready' | 'hidden' | 'offline';

/** What tells of changes. @public */
export interface PageEvents {
  addEventListener?(type: string, listener: () => void): void;
  removeEventListener?(type: string, listener: () => void): void;
}

/** As much of a window, or of a worker's scope, as is used. @public */
export interface PageLike extends PageEvents {
  readonly document?: PageEvents & { readonly visibilityState: string };
  readonly navigator?: { readonly onLine?: boolean };
}

/**
 * Whether the page is hidden or the browser offline, at once and whenever it changes; `ready` where nobody knows, as in
 * Node. Touches no global before it is subscribed.
 *
 * @param page - The window or the worker's scope; the global one by default.
 * @public
 */
export function pageCondition(page?: PageLike): Observable<PageCondition> {
  return new Observable<PageCondition>(subscriber => {
    const scope: PageLike = page ?? globalThis;
    const { document, navigator } = scope;
    const tell = (): void => {
      if (navigator?.onLine === false) subscriber.next('offline');
      else subscriber.next(document?.visibilityState === 'hidden' ? 'hidden' : 'ready');
    };
    const watched = [
      [document, 'visibilitychange'],
      [scope, 'online'],
      [scope, 'offline'],
    ] as const;
    for (const [target, type] of watched) target?.addEventListener?.(type, tell);
    subscriber.add(() => {
      for (const [target, type] of watched) target?.removeEventListener?.(type, tell);
    });
    tell();
  }).pipe(distinctUntilChanged());
}
