/**
 * The layers one by one, for people who compose by hand:
 *
 * `bytes → decodeFrames → decrypt → decodePackets → decodeMessages → messages`, and the same back.
 *
 * @packageDocumentation
 */

export { decodeFrames } from './framing/decodeFrames.js';
export { encodeFrames } from './framing/encodeFrames.js';
export { FrameDecoder } from './framing/FrameDecoder.js';
export { encodeFrame, writeFrameHeader } from './framing/encodeFrame.js';
