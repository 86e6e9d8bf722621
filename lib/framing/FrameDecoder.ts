import { FrameTooLargeError, FrameTruncatedError } from '../errors.js';
import { defaultLimits } from '../limits.js';
import { FRAME_HEADER_BYTES, writeFrameHeader } from './encodeFrame.js';

export { FRAME_HEADER_BYTES };

/** A split frame gets this much at first, or its length if that is less. */
const FIRST_PART_BYTES = 16 * 1024;

/** While chunks wait, those up to this length are copied together: a view of one byte takes more than a hundred. */
const SMALL_CHUNK_BYTES = 512;

/** The memory such chunks are copied to at first, and at most. */
const FIRST_TAIL_BYTES = 1024;
const LARGEST_TAIL_BYTES = 64 * 1024;

/** The memory of a split frame grows to at most this many times the bytes of it that have arrived. */
const GROWTH = 4;

/**
 * Takes a byte stream apart into frames: `uint24 little-endian length ‖ body`, in chunks of any size.
 *
 * It is pulled rather than pushing, so that a caller may stop between two frames, act on the first, change the limit, or
 * take the remaining bytes elsewhere:
 *
 * ```ts
 * decoder.push(chunk);
 * for (let frame = decoder.next(); frame !== null; frame = decoder.next()) handle(frame);
 * ```
 *
 * Ownership: a frame that lies in one chunk is returned as a view of that chunk, which the caller of `push` must
 * therefore leave as it is; a frame split over chunks is gathered into an array of exactly its length. The decoder never
 * writes into a chunk. While a frame is incomplete, the memory held for it is in proportion to the bytes that have
 * arrived, not to the length its prefix announces; and so is the memory for bytes that nobody pulls, however small the
 * chunks they came in.
 *
 * (Wire: the framing of `@hyperswarm/secret-stream`.)
 *
 * @public
 */
export class FrameDecoder {
  /**
   * The longest body to accept, in bytes. May be changed between frames: it is applied when a prefix is complete, so a
   * frame that has been let in stays in.
   */
  maxFrameBytes: number;

  /**
   * Whether the frame that was returned last is nobody else's: it was gathered from several chunks. Otherwise it is a view
   * of one.
   */
  owned = false;

  /** Chunks with bytes not yet looked at; those before `first` are used up, `offset` is a position in the first. */
  private chunks: Uint8Array[] = [];
  private first = 0;
  private offset = 0;
  /** How many bytes the chunks still hold. */
  private queued = 0;
  /** Own memory that the last chunk is a view of, if small chunks were copied together, and how much of it is used. */
  private tail: Uint8Array | null = null;
  private tailFilled = 0;

  /** What is known of the length prefix, and how many of its bytes are in it. */
  private announced = 0;
  private headerFilled = 0;
  /** Whether the limit was applied to this prefix. */
  private accepted = false;
  /** The body of a frame that is incomplete: `filled` bytes at the start of `part`. */
  private part: Uint8Array | null = null;
  private filled = 0;

  constructor(maxFrameBytes: number = defaultLimits.maxFrameBytes) {
    this.maxFrameBytes = maxFrameBytes;
  }

  /** Bytes held and not yet returned, prefixes included. */
  get buffered(): number {
    return this.queued + this.headerFilled + this.filled;
  }

  /**
   * Takes bytes in, without copying them, unless they are few and others wait already. Several pushes may precede
   * {@link FrameDecoder.next}.
   */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    const waiting = this.queued > 0;
    this.queued += chunk.length;
    if (waiting && chunk.length <= SMALL_CHUNK_BYTES) return this.append(chunk);
    this.tail = null;
    this.chunks.push(chunk);
  }

  /**
   * The body of the next frame, or null if more bytes are needed. A frame without a body is an empty array.
   *
   * @throws FrameTooLargeError as soon as a prefix announces more than {@link FrameDecoder.maxFrameBytes}, before
   * anything is reserved for the body. The decoder stays where it is: it throws again unless the limit was raised.
   */
  next(): Uint8Array | null {
    if (!this.accepted) {
      if (!this.readHeader()) return null;
      if (this.announced > this.maxFrameBytes) {
        throw new FrameTooLargeError(this.announced, this.maxFrameBytes);
      }
      this.accepted = true;
    }
    if (this.filled === 0 && this.queued > 0) {
      if (this.chunks[this.first].length - this.offset >= this.announced) return this.view();
    }
    const missing = this.announced - this.filled;
    if (this.queued < missing) {
      this.gather(this.queued);
      return null;
    }
    this.gather(missing);
    const body = this.part ?? new Uint8Array(0);
    this.owned = true;
    this.forgetFrame();
    return body;
  }

  /**
   * Copies what is left of the chunk that was pushed last, so that its memory may be used for something else. What was
   * returned as frames is the caller's affair.
   */
  keep(): void {
    const last = this.chunks.length - 1;
    if (last < this.first) return;
    if (this.chunks[last].buffer === this.tail?.buffer) return; // copied already
    if (last > this.first) this.chunks[last] = this.chunks[last].slice();
    else {
      this.chunks[last] = this.chunks[last].slice(this.offset);
      this.offset = 0;
    }
  }

  /**
   * Says that the bytes have ended. Frames that are whole can still be pulled.
   *
   * @throws FrameTruncatedError if the bytes end inside a frame or inside its prefix.
   */
  finish(): void {
    let header = this.headerFilled;
    let announced = this.announced;
    let body = this.filled;
    let offset = this.offset;
    for (let i = this.first; i < this.chunks.length; i++, offset = 0) {
      const chunk = this.chunks[i];
      while (offset < chunk.length) {
        if (header < FRAME_HEADER_BYTES) {
          announced |= chunk[offset++] << (8 * header++);
        } else {
          const step = Math.min(announced - body, chunk.length - offset);
          offset += step;
          body += step;
        }
        if (header === FRAME_HEADER_BYTES && body === announced) header = announced = body = 0;
      }
    }
    if (header > 0) throw new FrameTruncatedError(header + body);
  }

  /**
   * Hands back, as one fresh array, the bytes that were not returned as frames, and forgets them. What came in is what
   * goes out: an incomplete frame is given back with its prefix. Meant for releasing the transport to somebody else.
   */
  release(): Uint8Array {
    const bytes = new Uint8Array(this.buffered);
    const header = new Uint8Array(FRAME_HEADER_BYTES);
    writeFrameHeader(header, 0, this.announced);
    bytes.set(header.subarray(0, this.headerFilled));
    if (this.part !== null) bytes.set(this.part.subarray(0, this.filled), FRAME_HEADER_BYTES);
    this.take(bytes, this.headerFilled + this.filled, this.queued);
    this.forgetFrame();
    return bytes;
  }

  /** Copies a small chunk behind the one before it. Bytes that are there already stay: frames may be views of them. */
  private append(chunk: Uint8Array): void {
    const { tail, chunks } = this;
    const filled = this.tailFilled + chunk.length;
    const last = chunks.length - 1;
    if (tail !== null && filled <= tail.length && chunks[last].buffer === tail.buffer) {
      tail.set(chunk, this.tailFilled);
      chunks[last] = tail.subarray(0, filled);
      this.tailFilled = filled;
      return;
    }
    const size = tail === null ? FIRST_TAIL_BYTES : Math.min(2 * tail.length, LARGEST_TAIL_BYTES);
    this.tail = new Uint8Array(size);
    this.tail.set(chunk);
    this.tailFilled = chunk.length;
    chunks.push(this.tail.subarray(0, chunk.length));
  }

  /** Reads the prefix as far as it has arrived; whether it is complete. */
  private readHeader(): boolean {
    if (this.headerFilled === 0 && this.queued >= FRAME_HEADER_BYTES) {
      // Nearly always in one piece.
      const chunk = this.chunks[this.first];
      const { offset } = this;
      if (chunk.length - offset >= FRAME_HEADER_BYTES) {
        this.announced = chunk[offset] | (chunk[offset + 1] << 8) | (chunk[offset + 2] << 16);
        this.headerFilled = FRAME_HEADER_BYTES;
        this.advance(FRAME_HEADER_BYTES);
        return true;
      }
    }
    while (this.headerFilled < FRAME_HEADER_BYTES) {
      if (this.queued === 0) return false;
      this.announced |= this.chunks[this.first][this.offset] << (8 * this.headerFilled++);
      this.advance(1);
    }
    return true;
  }

  /** The frame as a view of the chunk it lies in; a plain array even if the chunk is of a subclass. */
  private view(): Uint8Array {
    const chunk = this.chunks[this.first];
    const body = new Uint8Array(chunk.buffer, chunk.byteOffset + this.offset, this.announced);
    this.owned = false;
    this.advance(this.announced);
    this.forgetFrame();
    return body;
  }

  /** Moves `count` queued bytes behind those already gathered. Growing by a factor keeps one-byte chunks linear. */
  private gather(count: number): void {
    if (count === 0) return;
    const needed = this.filled + count;
    if (this.part === null || this.part.length < needed) {
      const room =
        needed === this.announced
          ? needed
          : Math.min(this.announced, Math.max(FIRST_PART_BYTES, GROWTH * needed));
      const grown = new Uint8Array(room);
      if (this.part !== null) grown.set(this.part.subarray(0, this.filled));
      this.part = grown;
    }
    this.take(this.part, this.filled, count);
    this.filled = needed;
  }

  /** Copies `count` queued bytes to `target` at `at`, and drops them from the queue. */
  private take(target: Uint8Array, at: number, count: number): void {
    const end = at + count;
    while (at < end) {
      const chunk = this.chunks[this.first];
      const step = Math.min(end - at, chunk.length - this.offset);
      target.set(step === chunk.length ? chunk : chunk.subarray(this.offset, this.offset + step), at);
      at += step;
      this.advance(step);
    }
  }

  /** Drops bytes of the first chunk, and the chunk with its last byte. */
  private advance(count: number): void {
    this.offset += count;
    this.queued -= count;
    if (this.queued === 0) {
      this.tail = null;
      this.first = this.offset = 0;
      if (this.chunks.length === 1)
        this.chunks.pop(); // which, unlike a new length, keeps the array's memory
      else this.chunks.length = 0;
      return;
    }
    if (this.offset < this.chunks[this.first].length) return;
    this.first++;
    this.offset = 0;
    // Only now and then, so that a long queue of small chunks is not moved once for each of them.
    if (this.first * 2 >= this.chunks.length) {
      this.chunks.splice(0, this.first);
      this.first = 0;
    }
  }

  private forgetFrame(): void {
    this.announced = this.headerFilled = this.filled = 0;
    this.accepted = false;
    this.part = null;
  }
}
