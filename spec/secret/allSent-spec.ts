import { NEVER, Subscription } from 'rxjs';
import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import { SecureLink } from '../../lib/secret/SecureLink.js';
import { HEADROOM, TAILROOM } from '../../lib/secret/SecureState.js';
import type { Transport } from '../../lib/transports/Transport.js';

describe('SecureLink.sendInPlace', () => {
  let links: Subscription;
  beforeEach(() => (links = new Subscription()));
  afterEach(() => links.unsubscribe());

  const linkOver = (sent: Partial<Pick<Transport, 'allSent'>>): SecureLink => {
    const ignore = (): void => undefined;
    const transport = Object.assign(NEVER.pipe(), { next: ignore, error: ignore, complete: ignore, ...sent });
    const link = new SecureLink(transport, {
      crypto: portableCrypto,
      initiator: true,
      handshake: false,
    });
    links.add(link.subscribe());
    return link;
  };
  const send = (link: SecureLink): boolean =>
    link.sendInPlace(new Uint8Array(HEADROOM + 5 + TAILROOM), HEADROOM, HEADROOM + 5);

  it('tells whether the memory may be used again, as far as the transport knows', () => {
    expect(send(linkOver({}))).toBe(false);
    expect(send(linkOver({ allSent: false }))).toBe(false);
    const link = linkOver({ allSent: true });
    expect(send(link)).toBe(true);
    link.complete();
    expect(send(link)).toBe(false);
  });
});
