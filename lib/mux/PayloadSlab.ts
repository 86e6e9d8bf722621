const SMALLEST_SLAB = 0x800;
const LARGEST_SLAB = 0x10000;
/** A buffer up to this length is kept to be used again, and so many of them: one leaves while another is filled. */
const LARGEST_SPARE = 0x20000;
const MOST_SPARES = 2;
/** The longest header of a payload: two zeros, a channel and a length. */
const HEADER = 20;

/** Who knows whether payloads have left. @internal */
export interface PayloadFate {
  /** Whether nobody needs any payload that was given away. Absent: nobody knows. */
  readonly allSent?: boolean;
}

/**
 * Memory for payloads: small ones are carved one behind the other from a shared buffer, each with its headroom and
 * tailroom, so that a payload costs no allocation of its own; large ones get an exact buffer.
 *
 * The first shared buffer is small and each one twice the last, up to about 64 KiB: an idle connection holds little. And
 * while payloads leave as fast as they come, the same memory serves for all of them.
 *
 * @internal
 */
export class PayloadSlab {
  /** Where the place last found lies; one of the two below until `adopt` decides. */
  carved: Uint8Array | null = null;
  private carvedIsShared = false;
  /** The buffer being carved, free from `used` on. */
  private slab: Uint8Array | null = null;
  private used = 0;
  /** Buffers of their own that were given away, to be used again when they have left; made for the first of them. */
  private spares: Uint8Array[] | null = null;
  /** How many payloads are being given away: what happens meanwhile must leave their memory alone. */
  private leaving = 0;
  private size: number;
  private readonly largest: number;

  constructor(
    private readonly headroom: number,
    private readonly tailroom: number,
    maxBatchBytes: number,
    private readonly fate: PayloadFate,
  ) {
    // A full batch fits into a fresh slab, so that a flood moves no bytes.
    const batch = Math.min(LARGEST_SLAB, Math.max(SMALLEST_SLAB, maxBatchBytes));
    this.largest = headroom + HEADER + batch + tailroom;
    this.size = Math.min(this.largest, SMALLEST_SLAB + headroom + tailroom);
  }

  /** Whether a payload in `buffer` may end at `end`. */
  fits(buffer: Uint8Array, end: number): boolean {
    return end + this.tailroom <= buffer.length;
  }

  /**
   * Finds room for `bytes` bytes, headroom before and tailroom after them not counted, and returns where they begin in
   * {@link carved}. Nothing is taken until `adopt`.
   *
   * @param before - the payload in whose buffer, behind whose end the place may lie, if one is not released yet
   * @param grows - whether more may be appended
   */
  carve(
    bytes: number,
    before: { readonly buffer: Uint8Array | null; readonly end: number },
    grows: boolean,
  ): number {
    const { slab, headroom, tailroom } = this;
    if (this.used > 0 && slab !== before.buffer && this.allSent) this.used = 0;
    const base = slab !== null && before.buffer === slab ? before.end + tailroom : this.used;
    const need = headroom + bytes + tailroom;
    if (slab !== null && base + need <= slab.length) {
      this.carved = slab;
      return base + headroom;
    }
    return this.allocate(need, grows ? need <= this.largest : need <= this.largest >> 2);
  }

  /** Like `carve`, for a payload that outgrew its buffer: always elsewhere, and with room for more. */
  grow(bytes: number, wanted: number): number {
    const need = this.headroom + Math.max(bytes, wanted) + this.tailroom;
    if (need <= this.largest) return this.allocate(need, true);
    return this.allocate(Math.max(this.largest, this.headroom + bytes + this.tailroom, need), false);
  }

  /** A payload lies in {@link carved} for good. */
  adopt(): void {
    const { carved } = this;
    if (carved === null || carved === this.slab || !this.carvedIsShared) return;
    this.slab = carved;
    this.used = 0;
    this.size = Math.min(this.largest, 2 * carved.length);
  }

  /** The payload in `buffer` that ends at `end` will not be touched again. */
  release(buffer: Uint8Array, end: number): void {
    if (buffer === this.slab) this.used = end + this.tailroom;
  }

  /** A payload is about to be given away. */
  leave(): void {
    this.leaving++;
  }

  /** It was given away. */
  left(buffer: Uint8Array): void {
    this.leaving--;
    if (buffer === this.slab || buffer.length > LARGEST_SPARE) return;
    this.spares ??= [];
    if (this.spares.length < MOST_SPARES) this.spares.push(buffer);
    else this.spares[0] = buffer;
  }

  /** Forgets its buffers. */
  drop(): void {
    this.slab = this.carved = this.spares = null;
    this.used = 0;
  }

  private takeSpare(length: number): Uint8Array | undefined {
    const at = this.spares?.findIndex(spare => spare.length >= length && spare.length <= 2 * length) ?? -1;
    return at < 0 || !this.allSent ? undefined : this.spares!.splice(at, 1)[0];
  }

  private get allSent(): boolean {
    return this.leaving === 0 && this.fate.allSent === true;
  }

  private allocate(need: number, shared: boolean): number {
    let length = need;
    if (shared) for (length = this.size; length < need;) length = Math.min(this.largest, 2 * length);
    this.carved = this.takeSpare(length) ?? new Uint8Array(length);
    this.carvedIsShared = shared;
    return this.headroom;
  }
}
