import { LimitExceededError } from '../errors.js';
import type { Request } from '../messages/request.js';
import type { ReplicationLimits } from './ReplicationLimits.js';

/**
 * The requests of one remote that wait for their answer: each is answered once, unless it is cancelled or another takes its
 * number.
 *
 * In: requests, cancels. Out: what to answer next, those of high priority first; whether an answer is still wanted.
 *
 * @internal
 */
export class Uploads {
  /** All that are neither answered nor cancelled, in the order in which they came. */
  private readonly waiting = new Map<number, Request>();
  private readonly urgent = new Map<number, Request>();
  private readonly making = new Map<number, Request>();
  /** Answers in the making, those included that nobody waits for any more. */
  private running = 0;
  private invalid = 0;

  constructor(
    private readonly limits: Pick<
      ReplicationLimits,
      'maxQueuedRequests' | 'maxProofsAtATime' | 'maxInvalidRequests'
    >,
  ) {}

  /** Requests without an answer. */
  get size(): number {
    return this.waiting.size + this.urgent.size + this.making.size;
  }

  /** @throws LimitExceededError if too many wait. */
  add(request: Request): void {
    this.cancel(request.id); // a number that is used again replaces what it stood for
    const { maxQueuedRequests } = this.limits;
    if (this.size >= maxQueuedRequests) {
      throw new LimitExceededError('maxQueuedRequests', maxQueuedRequests, this.size + 1, 'channel');
    }
    (request.priority > 0 ? this.urgent : this.waiting).set(request.id, request);
  }

  cancel(id: number): void {
    this.waiting.delete(id);
    this.urgent.delete(id);
    this.making.delete(id);
  }

  /** The next request to answer, or null: none, or enough are being answered. */
  next(): Request | null {
    if (this.running >= this.limits.maxProofsAtATime) return null;
    const queue = this.urgent.size > 0 ? this.urgent : this.waiting;
    for (const request of queue.values()) {
      queue.delete(request.id);
      this.making.set(request.id, request);
      this.running++;
      return request;
    }
    return null;
  }

  /** The answer is made; false if nobody waits for it any more. */
  finish(request: Request): boolean {
    this.running--;
    return this.making.get(request.id) === request && this.making.delete(request.id);
  }

  /**
   * The remote asked what no honest peer asks.
   *
   * @throws LimitExceededError if it did so too often.
   */
  countInvalid(): void {
    const { maxInvalidRequests } = this.limits;
    if (++this.invalid > maxInvalidRequests) {
      throw new LimitExceededError('maxInvalidRequests', maxInvalidRequests, this.invalid, 'channel');
    }
  }

  clear(): void {
    this.waiting.clear();
    this.urgent.clear();
    this.making.clear();
  }
}
