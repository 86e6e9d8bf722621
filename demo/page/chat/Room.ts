import { computed, inject, Injectable, signal } from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { jsonCodec } from 'rx-hypercore';
import { EMPTY, merge, Subject, switchMap, tap } from 'rxjs';
import { Link } from '../link/Link.js';
import { FACTS } from '../shell/Facts.js';

/** Lines that are kept. */
const MAX_LINES = 200;

/** What crosses the wire: pages say, the server tells. */
type ChatMessage =
  | { readonly type: 'say'; readonly text: string; readonly id: string }
  | { readonly type: 'said'; readonly text: string; readonly id: string; readonly from: string }
  | { readonly type: 'present'; readonly pages: number };

/** One line of the conversation. */
export interface Line {
  readonly number: number;
  readonly text: string;
  readonly from: Uint8Array;
  readonly mine: boolean;
}

/** The conversation: an extension of the room's channel, over whatever connection there is. */
@Injectable({ providedIn: 'root' })
export class Room {
  private readonly link = inject(Link);
  private readonly saying = new Subject<string>();
  private lines = 0;
  readonly conversation = signal<readonly Line[]>([]);
  /** Pages that are connected; 0 while this one is not. */
  readonly pages = signal(0);
  readonly canSpeak = computed(() => this.link.channels().includes('room'));

  constructor() {
    const { room } = inject(FACTS);
    this.link.connection
      .use(protocol => {
        const channel = protocol.open(room);
        const chat = channel.extension('chat', jsonCodec<ChatMessage>());
        const speak = this.saying.pipe(
          tap(text => chat.next({ type: 'say', text, id: crypto.randomUUID() })),
          switchMap(() => EMPTY),
        );
        return merge(chat, speak);
      })
      .pipe(takeUntilDestroyed())
      .subscribe({ next: message => this.receive(message), error: () => undefined });
  }

  say(text: string): void {
    this.saying.next(text);
  }

  /** The server is trusted to tell who spoke, and with nothing else: what it sends is checked. */
  private receive(message: ChatMessage): void {
    if (message.type === 'present' && Number.isInteger(message.pages)) this.pages.set(message.pages);
    if (message.type !== 'said' || typeof message.text !== 'string' || !/^[0-9a-f]{64}$/.test(message.from))
      return;
    const from = Uint8Array.from(message.from.match(/../g)!, byte => Number.parseInt(byte, 16));
    const mine = this.link.publicKey.every((byte, at) => byte === from[at]);
    const line: Line = { number: ++this.lines, text: message.text.slice(0, 500), from, mine };
    this.conversation.update(lines => [...lines, line].slice(-MAX_LINES));
  }
}
