import { verifyLimits } from '../limits.js';
import { SecureLink } from '../secret/SecureLink.js';
import type { SecureLinkOptions } from '../secret/SecureLinkOptions.js';
import type { Transport } from '../transports/Transport.js';
import { PacedTransport } from './PacedTransport.js';
import type { PayloadLink } from './PayloadLink.js';
import type { PeerProfile } from './PeerProfile.js';
import { RustLink } from './RustLink.js';

/** A link of payloads that the Rust crate can read, over the transport. @internal */
export function linkToRust(
  { frameGapMs }: PeerProfile,
  transport: Transport,
  options: SecureLinkOptions,
): PayloadLink {
  const { limits, scheduler } = options;
  const paced = frameGapMs === 0 ? transport : new PacedTransport(transport, frameGapMs, scheduler);
  // The keep-alive of the link itself would be an empty payload.
  const link = new SecureLink(paced, { ...options, limits: { ...limits, keepAliveMs: 0 } });
  return new RustLink(link, verifyLimits(limits).keepAliveMs, scheduler);
}
