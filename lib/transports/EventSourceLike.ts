/** What every event is, a page's or one of `ws`. @public */
export interface EventLike {
  readonly type: string;
}

/** What tells of events, a page's `EventTarget` or a socket of `ws`. @public */
export interface EventSourceLike {
  addEventListener(type: string, listener: (event: EventLike) => void): void;
  removeEventListener(type: string, listener: (event: EventLike) => void): void;
}

/** @internal */
export interface CloseEventLike extends EventLike {
  readonly code: number;
  readonly reason: string;
}

/** @internal */
export interface ErrorEventLike extends EventLike {
  readonly error?: unknown;
  readonly message?: string;
}
