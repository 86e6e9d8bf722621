import { RECORD_OVERHEAD, type SecretStreamPush } from '../crypto/CryptoBackend.js';
import { FrameTooLargeError } from '../errors.js';
import { FRAME_HEADER_BYTES, writeFrameHeader } from '../framing/encodeFrame.js';

/** Bytes that must be free before a payload sealed in place: the frame's length (3) and the record's tag (1). @public */
export const HEADROOM = 4;

/** Bytes that must be free after it: the record's MAC. @public */
export const TAILROOM = 16;

/**
 * The sending side of an open session: payloads become frames, in the very buffer they lie in.
 *
 * @internal
 */
export class Sealer {
  private readonly overhead: number;

  constructor(
    /** Null: payloads go out as they are. */
    private readonly push: SecretStreamPush | null,
    private readonly maxFrameBytes: number,
  ) {
    this.overhead = push === null ? 0 : RECORD_OVERHEAD;
  }

  /** Seals `buffer[start, end)` in place; the view that is the whole frame. */
  seal(buffer: Uint8Array, start: number, end: number): Uint8Array {
    if (!(start >= HEADROOM && start <= end && end + TAILROOM <= buffer.length)) {
      throw new RangeError(`a payload needs ${HEADROOM} bytes before and ${TAILROOM} bytes after it`);
    }
    const length = this.verifyLength(end - start);
    if (this.push === null) {
      writeFrameHeader(buffer, start - FRAME_HEADER_BYTES, length);
      return buffer.subarray(start - FRAME_HEADER_BYTES, end);
    }
    writeFrameHeader(buffer, start - HEADROOM, length);
    this.push.seal(buffer, start - 1, end + TAILROOM);
    return buffer.subarray(start - HEADROOM, end + TAILROOM);
  }

  sealCopy(payload: Uint8Array): Uint8Array {
    // Before memory is taken for a payload that is too long.
    this.verifyLength(payload.length);
    const buffer = new Uint8Array(HEADROOM + payload.length + TAILROOM);
    buffer.set(payload, HEADROOM);
    return this.seal(buffer, HEADROOM, HEADROOM + payload.length);
  }

  wipe(): void {
    this.push?.wipe();
  }

  private verifyLength(payloadBytes: number): number {
    const length = payloadBytes + this.overhead;
    if (length > this.maxFrameBytes) throw new FrameTooLargeError(length, this.maxFrameBytes);
    return length;
  }
}
