import { LimitExceededError, TransportFailedError } from '../errors.js';
import type { EventLike, EventSourceLike } from './EventSourceLike.js';
import { InboxTransport } from './InboxTransport.js';

/** As much of a port as is used: of a `MessagePort`, a `Worker`, a worker's scope or a `BroadcastChannel`. @public */
export interface MessagePortLike extends EventSourceLike {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  /** A `MessagePort` delivers nothing before it. */
  start?(): void;
}

/** What crosses the port. `from` is who sent it: an end that begins anew has another number. */
type PortMessage = { readonly rxHypercore: string; readonly from: number } & (
  | { readonly type: 'hello'; readonly windowBytes: number; readonly answer: boolean }
  | { readonly type: 'data'; readonly bytes: Uint8Array }
  | { readonly type: 'taken'; readonly cost: number }
  | { readonly type: 'end' }
  | { readonly type: 'cut' }
);

/** What a message counts for beside its bytes, so that a window of empty ones is no window without end. */
const MESSAGE_COST = 512;
const MAX_MESSAGE_BYTES = 0x10000;
const LEAST_WINDOW = 0x1000;
const MOST_WINDOW = 0x40000000;

/** One end of a port as a transport; see `messagePortTransport`. @internal */
export class MessagePortLink extends InboxTransport {
  private readonly id = Math.random();
  /** The other end, once it has greeted. */
  private remoteId: number | null = null;
  private remoteWindow = 0;
  private readonly outbox: Uint8Array[] = [];
  /** What the outbox counts for, and what is under way. */
  private outboxCost = 0;
  private underWay = 0;
  /** What the other end has under way to here, and how much of it was taken but not yet said to be. */
  private expected = 0;
  private untold = 0;
  private completing = false;
  private endSent = false;
  private detached = false;

  constructor(
    private readonly port: MessagePortLike,
    private readonly options: {
      readonly local: string;
      readonly remote: string;
      readonly windowBytes: number;
    },
    private readonly tell: { readonly met: () => void; readonly ended: () => void },
  ) {
    super(Number.MAX_SAFE_INTEGER); // the window is the limit
  }

  get queuedBytes(): number {
    return this.outboxCost + this.underWay;
  }

  /** Begins to listen, and says so. */
  greet(): void {
    const { port } = this;
    port.addEventListener('message', this.onMessage);
    port.addEventListener('messageerror', this.onBroken);
    port.addEventListener('close', this.onBroken);
    port.start?.();
    this.hello(false);
  }

  next(chunk: Uint8Array): void {
    if (this.completing || this.detached || chunk.length === 0) return;
    const most = Math.min(MAX_MESSAGE_BYTES, (this.remoteWindow >> 1) - MESSAGE_COST);
    for (let start = 0; start < chunk.length; start += most) {
      const piece = chunk.subarray(start, start + most);
      this.outbox.push(piece);
      this.outboxCost += piece.length + MESSAGE_COST;
    }
    this.flush();
    if (this.outbox.length > 0 && this.writable.value) this.writable.next(false);
  }

  complete(): void {
    if (this.completing || this.detached) return;
    this.completing = true;
    this.flush();
  }

  error(_cause: unknown): void {
    if (this.detached) return;
    if (this.remoteId !== null) this.post({ type: 'cut' });
    this.detach();
    this.abandon();
  }

  protected override taken(bytes: number): void {
    const cost = bytes + MESSAGE_COST;
    this.expected -= cost;
    this.untold += cost;
    // Rarely, so that it costs little; and with half the window to spare, so that nobody waits for it in vain.
    if (this.untold < this.options.windowBytes >> 2 || this.detached) return;
    this.post({ type: 'taken', cost: this.untold });
    this.untold = 0;
  }

  private hello(answer: boolean): void {
    this.post({ type: 'hello', windowBytes: this.options.windowBytes, answer });
  }

  private flush(): void {
    const { outbox, remoteWindow } = this;
    let sent = 0;
    while (sent < outbox.length) {
      const cost = outbox[sent].length + MESSAGE_COST;
      if (this.underWay + cost > remoteWindow) break;
      this.underWay += cost;
      this.outboxCost -= cost;
      // Whose memory that is nobody here knows; a copy is ours, and need not be copied again.
      const bytes = new Uint8Array(outbox[sent++]);
      this.post({ type: 'data', bytes }, [bytes.buffer]);
    }
    outbox.splice(0, sent);
    if (!this.completing || this.endSent || outbox.length > 0) return;
    this.endSent = true;
    this.post({ type: 'end' });
    if (this.settled) this.detach();
  }

  private post(
    message: PortMessage extends infer M
      ? M extends PortMessage
        ? Omit<M, 'rxHypercore' | 'from'>
        : never
      : never,
    transfer: ArrayBuffer[] = [],
  ): void {
    this.port.postMessage({ rxHypercore: this.options.remote, from: this.id, ...message }, transfer);
  }

  private readonly onMessage = (event: EventLike): void => {
    const { data } = event as EventLike & { readonly data: unknown };
    // What others say to each other on the same port is none of our business.
    if (!isPortMessage(data) || data.rxHypercore !== this.options.local) return;
    if (data.type === 'hello') return this.onHello(data.from, data.windowBytes, data.answer);
    if (data.from !== this.remoteId) return; // from before the other end began anew
    switch (data.type) {
      case 'data':
        return this.onData(data.bytes);
      case 'taken':
        return this.onTaken(data.cost);
      case 'end':
        this.settle({});
        if (this.endSent) this.detach();
        return;
      case 'cut':
        return this.fail(new TransportFailedError(new Error('the other end of the port was cut off')));
    }
  };

  private onHello(from: number, windowBytes: number, answer: boolean): void {
    if (this.remoteId === from) return;
    if (this.remoteId !== null)
      return this.fail(new TransportFailedError(new Error('the other end of the port began anew')));
    if (!isWindow(windowBytes)) return; // no end of ours says so
    this.remoteId = from;
    this.remoteWindow = windowBytes;
    // An answer is for an end that cannot have heard the first word; a `BroadcastChannel` keeps none.
    if (!answer) this.hello(true);
    this.tell.met();
  }

  private onData(bytes: Uint8Array): void {
    const { windowBytes } = this.options;
    if (!(bytes instanceof Uint8Array) || bytes.length === 0)
      return this.overflow(new TransportFailedError(new TypeError('a message without bytes')));
    this.expected += bytes.length + MESSAGE_COST;
    const received = this.expected + this.untold;
    if (received > windowBytes) this.overflow(new LimitExceededError('windowBytes', windowBytes, received));
    else this.receive(bytes);
  }

  private onTaken(cost: number): void {
    if (!(cost > 0 && cost <= this.underWay))
      return this.overflow(new TransportFailedError(new RangeError('more was taken than was sent')));
    this.underWay -= cost;
    this.flush();
    const roomy = this.outbox.length === 0 && this.underWay <= this.remoteWindow >> 1;
    if (roomy && !this.writable.value) this.writable.next(true);
  }

  private readonly onBroken = (): void =>
    this.fail(new TransportFailedError(new Error('the port was closed at its other end')));

  private fail(error: unknown): void {
    this.settle({ error });
    this.detach();
  }

  private detach(): void {
    if (this.detached) return;
    this.detached = true;
    this.outbox.length = 0;
    this.outboxCost = 0;
    const { port } = this;
    port.removeEventListener('message', this.onMessage);
    port.removeEventListener('messageerror', this.onBroken);
    port.removeEventListener('close', this.onBroken);
    this.writable.complete();
    this.tell.ended();
  }
}

/** Whether a window leaves room for a message, and is one that can be counted in 32 bits. @internal */
export function isWindow(bytes: unknown): bytes is number {
  return Number.isSafeInteger(bytes) && (bytes as number) >= LEAST_WINDOW && (bytes as number) <= MOST_WINDOW;
}

function isPortMessage(data: unknown): data is PortMessage {
  if (typeof data !== 'object' || data === null) return false;
  const { rxHypercore, from, type } = data as Partial<Record<'rxHypercore' | 'from' | 'type', unknown>>;
  return typeof rxHypercore === 'string' && typeof from === 'number' && typeof type === 'string';
}
