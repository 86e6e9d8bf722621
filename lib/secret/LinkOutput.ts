import type { SecureOutput } from './SecureOptions.js';
import type { Session } from './Session.js';

/** What a link does with what its {@link SecureState} says. @internal */
export interface LinkOutputTarget {
  write(frame: Uint8Array): void;
  askAuthorizer(remotePublicKey: Uint8Array): void;
  onSession(session: Session | null): void;
  onReady(): void;
  onPayload(payload: Uint8Array): void;
}

/** The output of a link's state; an object with methods, which is smaller than one with functions of its own. @internal */
export class LinkOutput implements SecureOutput {
  constructor(private readonly link: LinkOutputTarget) {}

  send(bytes: Uint8Array): void {
    this.link.write(bytes);
  }

  authorize(remotePublicKey: Uint8Array): void {
    this.link.askAuthorizer(remotePublicKey);
  }

  session(session: Session | null): void {
    this.link.onSession(session);
  }

  ready(): void {
    this.link.onReady();
  }

  payload(payload: Uint8Array): void {
    this.link.onPayload(payload);
  }
}
