/**
 * The layers one by one, for people who compose by hand: operators, and the state machines they are made of.
 *
 * `bytes → decodeFrames → decrypt → decodePackets → decodeMessages → messages`, and the same back.
 *
 * @packageDocumentation
 */

export { FRAME_HEADER_BYTES, FrameDecoder } from './framing/FrameDecoder.js';
export { decodeFrames } from './framing/decodeFrames.js';
export { encodeFrame, writeFrameHeader } from './framing/encodeFrame.js';
export { encodeFrames } from './framing/encodeFrames.js';

export {
  type HandshakeOptions,
  type HandshakeResult,
  HandshakeState,
  type NoisePattern,
} from './noise/HandshakeState.js';

export { decrypt, encrypt, secure } from './connection/portableOperators.js';
export { SecureLink } from './secret/SecureLink.js';
export { type Authorizer, type SecureLinkOptions } from './secret/SecureLinkOptions.js';
export { type SecureOptions, type SecureOutput } from './secret/SecureOptions.js';
export { HEADROOM, type SecurePhase, SecureState, TAILROOM } from './secret/SecureState.js';
export type { Session, SessionKeys } from './secret/Session.js';

export { decodePackets } from './mux/decodePackets.js';
export { encodePackets } from './mux/encodePackets.js';
export { type Multiplexer, multiplex } from './mux/Multiplexer.js';
export {
  type CloseReason,
  MuxChannel,
  type MuxChannelHandlers,
  type MuxChannelOptions,
  type MuxOptions,
  MuxState,
  type PackingOptions,
  type PairHandler,
  type PairRequest,
  type PayloadOutput,
} from './mux/MuxState.js';
export type { Packet } from './mux/Packet.js';
export { type PacketSink, readPayload } from './mux/PayloadReader.js';

export { decodeMessages } from './messages/decodeMessages.js';
export { encodeMessages } from './messages/encodeMessages.js';
export { ofType } from './messages/ofType.js';
export type { Message, MessageType } from './messages/Message.js';
