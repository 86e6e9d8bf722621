import { SecureLink } from '../secret/SecureLink.js';
import type { SecureLinkOptions } from '../secret/SecureLinkOptions.js';
import { verifyLimits } from '../limits.js';
import type { Transport } from '../transports/Transport.js';
import { PacedTransport } from './PacedTransport.js';
import type { PayloadLink } from './PayloadLink.js';
import type { ChannelOptions } from './Protocol.js';
import { RustLink } from './RustLink.js';

/** The options as the profile in them wants them; what the caller set stays. @internal */
export function optionsForPeer<T extends SecureLinkOptions & ChannelOptions>(options: T): T {
  const { peer } = options;
  if (peer === undefined) return options;
  return {
    ...options,
    awaitsHeader: true,
    limits: { ...peer.limits, ...options.limits },
    packing: { ...peer.packing, ...options.packing },
  };
}

/** A link of payloads over the transport, as the profile wants it. @internal */
export function linkForPeer(transport: Transport, options: SecureLinkOptions & ChannelOptions): PayloadLink {
  const { peer, limits, scheduler } = options;
  if (peer === undefined) return new SecureLink(transport, options);
  const paced = peer.frameGapMs === 0 ? transport : new PacedTransport(transport, peer.frameGapMs, scheduler);
  const link = new SecureLink(paced, { ...options, limits: { ...limits, keepAliveMs: 0 } });
  return new RustLink(link, verifyLimits(limits).keepAliveMs, scheduler);
}
