const SMALLEST_SLAB = 0x800;
const LARGEST_SLAB = 0x10000;
/** A buffer up to this length is kept to be used again. */
const LARGEST_SPARE = 0x20000;
/** The longest header of a payload: two zeros, a channel and a length. */
const HEADER = 20;

/**
 * Memory for payloads: small ones are carved one behind the other from a shared buffer, each with its headroom and
 * tailroom, so that a payload costs no allocation of its own; large ones get an exact buffer.
 *
 * The first shared buffer is small and each one twice the last, up to about 64 KiB: an idle connection holds little.
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
  /** A buffer of which nothing is in use any more. */
  private spare: Uint8Array | null = null;
  private size: number;
  private readonly largest: number;

  constructor(
    private readonly headroom: number,
    private readonly tailroom: number,
    maxBatchBytes: number,
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

  /**
   * Nobody holds payloads that were released, the last of which lay in `buffer`; `gathering` is the buffer of the one that
   * is being gathered.
   */
  reuse(buffer: Uint8Array, gathering: Uint8Array | null): void {
    if (this.slab !== null && this.slab !== gathering) this.used = 0;
    if (buffer !== this.slab && buffer !== gathering && buffer.length <= LARGEST_SPARE) this.spare = buffer;
  }

  /** Forgets its buffers. */
  drop(): void {
    this.slab = this.carved = this.spare = null;
    this.used = 0;
  }

  private allocate(need: number, shared: boolean): number {
    let length = need;
    if (shared) for (length = this.size; length < need;) length = Math.min(this.largest, 2 * length);
    const { spare } = this;
    const suits = spare !== null && spare.length >= length && spare.length <= 2 * length;
    if (suits) this.spare = null;
    this.carved = suits ? spare : new Uint8Array(length);
    this.carvedIsShared = shared;
    return this.headroom;
  }
}
