import { Injectable } from '@angular/core';
import { BehaviorSubject } from 'rxjs';

/** What a person may do to the link of the page. */
export type LinkCondition = (typeof conditions)[number];

const conditions = ['open', 'slow', 'cut'] as const;

/** The condition the link is in. */
@Injectable({ providedIn: 'root' })
export class LinkConditions {
  /** The page may be opened with a link that is slow or cut from the start: `#slow`, `#cut`. */
  readonly now = new BehaviorSubject<LinkCondition>(
    conditions.find(condition => location.hash === `#${condition}`) ?? 'open',
  );
}
