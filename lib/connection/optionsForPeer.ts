import type { SecureLinkOptions } from '../secret/SecureLinkOptions.js';
import type { ChannelOptions } from './Protocol.js';

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
