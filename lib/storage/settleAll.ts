/**
 * Waits for calls to storage that overlap until every one of them is over, and then fails as the first in the list that failed.
 * `Promise.all` goes on at the first failure, while the others still change what the next call relies on.
 *
 * @internal
 */
export async function settleAll(calls: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(calls)) {
    if (result.status === 'rejected') throw result.reason;
  }
}
