import { NEVER, Subscription } from 'rxjs';
import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import { SecureLink } from '../../lib/secret/SecureLink.js';
import { HEADROOM, TAILROOM } from '../../lib/secret/SecureState.js';
import type { Transport } from '../../lib/transports/Transport.js';

describe('SecureLink.allSent', () => {
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
  const sent = (link: SecureLink): boolean => {
    link.sendInPlace(new Uint8Array(HEADROOM + 5 + TAILROOM), HEADROOM, HEADROOM + 5);
    return link.allSent;
  };

  it('tells whether the memory may be used again, as far as the transport knows', () => {
    expect(sent(linkOver({}))).toBe(false);
    expect(sent(linkOver({ allSent: false }))).toBe(false);
    expect(sent(linkOver({ allSent: true }))).toBe(true);
  });
});
