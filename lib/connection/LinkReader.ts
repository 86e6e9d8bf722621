import type { LinkOwner } from '../secret/LinkOwner.js';
import type { Session } from '../secret/Session.js';

/** What a connection does with what its link says. @internal */
export interface LinkReaderTarget {
  onWritable(writable: boolean): void;
  onSession(session: Session | null): void;
  receive(payload: Uint8Array): void;
  onLinkFailed(error: unknown): void;
  onLinkEnded(): void;
}

/** The owner of the link under a connection. @internal */
export class LinkReader implements LinkOwner {
  constructor(private readonly protocol: LinkReaderTarget) {}

  writable(writable: boolean): void {
    this.protocol.onWritable(writable);
  }

  opened(session: Session | null): void {
    this.protocol.onSession(session);
  }

  next(payload: Uint8Array): void {
    this.protocol.receive(payload);
  }

  error(error: unknown): void {
    this.protocol.onLinkFailed(error);
  }

  complete(): void {
    this.protocol.onLinkEnded();
  }
}
