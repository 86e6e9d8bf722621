import { computed, effect, inject, Injectable, signal } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { fromEvent, map, startWith } from 'rxjs';
import { DOCUMENT } from '@angular/common';

type Choice = 'light' | 'dark';

const STORED = 'rx-hypercore-theme';

/** Light or dark: what the system says, until somebody chooses. */
@Injectable({ providedIn: 'root' })
export class Theme {
  private readonly document = inject(DOCUMENT);
  private readonly chosen = signal<Choice | null>(stored());
  private readonly systemIsDark = watchMedia('(prefers-color-scheme: dark)');
  /** Whether motion is unwelcome. */
  readonly still = watchMedia('(prefers-reduced-motion: reduce)');
  readonly now = computed<Choice>(() => this.chosen() ?? (this.systemIsDark() ? 'dark' : 'light'));

  constructor() {
    effect(() => (this.document.documentElement.dataset['theme'] = this.now()));
  }

  toggle(): void {
    const next = this.now() === 'dark' ? 'light' : 'dark';
    this.chosen.set(next);
    try {
      localStorage.setItem(STORED, next);
    } catch {
      // Storage may be forbidden; then it holds until the page is left.
    }
  }
}

function watchMedia(query: string) {
  const list = matchMedia(query);
  return toSignal(
    fromEvent<MediaQueryListEvent>(list, 'change').pipe(
      map(({ matches }) => matches),
      startWith(list.matches),
    ),
    { requireSync: true },
  );
}

function stored(): Choice | null {
  try {
    const value = localStorage.getItem(STORED);
    return value === 'light' || value === 'dark' ? value : null;
  } catch {
    return null;
  }
}
