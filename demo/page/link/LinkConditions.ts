import { Injectable } from '@angular/core';
import { BehaviorSubject } from 'rxjs';

/** What a person may do to the link of the page. */
export type LinkCondition = 'open' | 'slow' | 'cut';

/** How fast a slow link is, in bytes per second and direction. */
export const SLOW_BYTES_PER_SECOND = 12_000;

/** The condition the link is in. */
@Injectable({ providedIn: 'root' })
export class LinkConditions {
  readonly now = new BehaviorSubject<LinkCondition>('open');
}
