import { Component, computed, effect, type ElementRef, inject, viewChild } from '@angular/core';
import { Identicon } from '../peer/Identicon.js';
import { shortHex } from '../shell/format.js';
import { Room } from './Room.js';

/** Chat between the tabs that have this page open. */
@Component({
  selector: 'demo-chat-room',
  imports: [Identicon],
  template: `
    <div class="head">
      <h2>Chat between tabs</h2>
      <span class="muted">{{ presence() }}</span>
    </div>
    <div class="lines" #lines role="log" aria-label="Conversation" tabindex="0">
      @for (line of room.conversation(); track line.number) {
        <p [class.mine]="line.mine">
          <demo-identicon [of]="line.from" />
          <span
            ><code class="muted">{{ line.mine ? 'you' : id(line.from) }}</code
            ><span class="text">{{ line.text }}</span></span
          >
        </p>
      } @empty {
        <p class="nothing muted">
          Open this page in another tab and say hello. It travels as an extension message.
        </p>
      }
    </div>
    <form (submit)="send($event, text)">
      <input
        #text
        type="text"
        aria-label="Message"
        maxlength="280"
        autocomplete="off"
        [placeholder]="room.canSpeak() ? 'Say something' : 'Waiting for the link'"
      />
      <button type="submit" class="main" [disabled]="!room.canSpeak()">Send</button>
    </form>
  `,
  styles: `
    :host {
      display: flex;
      flex-direction: column;
    }
    .lines {
      flex: 1;
      min-height: 180px;
      max-height: 300px;
      overflow-y: auto;
      margin-bottom: 12px;
      border-radius: 8px;
    }
    p {
      display: grid;
      grid-template-columns: 30px 1fr;
      gap: 10px;
      margin: 0 0 10px;
      line-height: 1.4;
    }
    p demo-identicon {
      width: 30px;
    }
    p code {
      display: block;
      font-size: var(--tiny);
    }
    .text {
      overflow-wrap: anywhere;
    }
    .mine .text {
      color: var(--accent-ink);
    }
    .nothing {
      display: block;
      max-width: 34ch;
    }
    form {
      display: flex;
      gap: 8px;
    }
    input {
      flex: 1;
      min-width: 0;
    }
  `,
})
export class ChatRoom {
  protected readonly room = inject(Room);
  protected readonly presence = computed(() => {
    const pages = this.room.pages();
    if (!this.room.canSpeak() || pages === 0) return '';
    return pages === 1 ? 'only you are here' : `${pages} pages are here`;
  });
  private readonly lines = viewChild.required<ElementRef<HTMLElement>>('lines');

  constructor() {
    effect(() => {
      this.room.conversation();
      const { nativeElement } = this.lines();
      requestAnimationFrame(() => nativeElement.scrollTo({ top: nativeElement.scrollHeight }));
    });
  }

  protected id(key: Uint8Array): string {
    return shortHex(key);
  }

  protected send(event: Event, input: HTMLInputElement): void {
    event.preventDefault();
    const text = input.value.trim();
    if (text === '' || !this.room.canSpeak()) return;
    this.room.say(text);
    input.value = '';
  }
}
