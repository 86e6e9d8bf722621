import type { FuzzTarget } from '../FuzzTarget.js';
import { decoderTargets } from './decoders.js';
import { differentialTargets } from './differentials.js';
import { ExtensionNamesTarget } from './ExtensionNamesTarget.js';
import { MuxTarget } from './MuxTarget.js';
import { ProofTarget } from './ProofTarget.js';
import { ProtocolTarget } from './ProtocolTarget.js';
import { NoiseTarget, RecordTarget, StreamHeaderTarget } from './secrets.js';
import { SecuredTarget } from './SecuredTarget.js';
import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import { ConversationTarget, FramesTarget, PayloadTarget } from './streams.js';

/** Everything that takes input of a remote: decoders, then whole connections, then decoders beside those they must agree with. */
export function allTargets(): FuzzTarget[] {
  return [
    ...decoderTargets(),
    new ExtensionNamesTarget(),
    new PayloadTarget(),
    new FramesTarget(),
    new StreamHeaderTarget(),
    new RecordTarget(portableCrypto),
    new NoiseTarget(),
    new MuxTarget(),
    new ProtocolTarget(),
    new ProofTarget(),
    new ConversationTarget(),
    new SecuredTarget(),
    ...differentialTargets(),
  ];
}
