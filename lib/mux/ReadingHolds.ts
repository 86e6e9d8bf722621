import { Subscription } from 'rxjs';

/**
 * Counts those who ask that nothing be read from a link: the first stops it, and it goes on when the last has let go.
 *
 * @internal
 */
export class ReadingHolds {
  private holds = 0;
  private ended = false;

  constructor(
    private readonly stop: () => void,
    private readonly goOn: () => void,
  ) {}

  /** Stops reading until the result is unsubscribed. */
  hold(): Subscription {
    if (this.ended) return Subscription.EMPTY;
    if (this.holds++ === 0) this.stop();
    return new Subscription(() => this.letGo());
  }

  /** The link is over: nothing is asked of it any more. */
  end(): void {
    this.ended = true;
  }

  private letGo(): void {
    if (--this.holds === 0 && !this.ended) this.goOn();
  }
}
