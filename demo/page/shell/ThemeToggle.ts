import { Component, inject } from '@angular/core';
import { Theme } from './Theme.js';

/** The switch between light and dark. */
@Component({
  selector: 'demo-theme-toggle',
  template: `
    <button
      type="button"
      class="quiet"
      [attr.aria-pressed]="theme.now() === 'dark'"
      aria-label="Dark colours"
      (click)="theme.toggle()"
    >
      <svg viewBox="0 0 20 20" aria-hidden="true">
        @if (theme.now() === 'dark') {
          <path d="M15.5 12.6A6.5 6.5 0 0 1 7.4 4.5a6.5 6.5 0 1 0 8.1 8.1Z" />
        } @else {
          <circle cx="10" cy="10" r="3.6" />
          <path
            d="M10 1.8v2M10 16.2v2M1.8 10h2M16.2 10h2M4.2 4.2l1.4 1.4M14.4 14.4l1.4 1.4M15.8 4.2l-1.4 1.4M5.6 14.4l-1.4 1.4"
          />
        }
      </svg>
    </button>
  `,
  styles: `
    button {
      display: grid;
      place-items: center;
      width: 40px;
      height: 40px;
      padding: 0;
    }
    svg {
      width: 20px;
      fill: none;
      stroke: currentColor;
      stroke-width: 1.6;
      stroke-linecap: round;
      stroke-linejoin: round;
    }
  `,
})
export class ThemeToggle {
  protected readonly theme = inject(Theme);
}
