/** Engines keep arrays up to this length in their own heap, where they are cheap; a longer one costs ten times as much. */
const CHEAP = 64;

/** Plaintexts beyond this length get a buffer of their own. */
const LARGEST_SHARED = 2048;

const FIRST_SLAB = 1024;
const LARGEST_SLAB = 16_384;

/**
 * Memory for the plaintexts of one stream: short ones lie one behind the other in a shared buffer, because a buffer for
 * each costs as much as its decryption. No byte of it is handed out twice.
 *
 * The first buffer is small and each one twice the last, so that a quiet stream holds little.
 *
 * @internal
 */
export class PlaintextSlab {
  private slab: Uint8Array | null = null;
  private used = 0;
  private size = FIRST_SLAB;

  /** @param allocate - memory for long plaintexts; it may hold anything, because all of it will be overwritten */
  constructor(private readonly allocate: (bytes: number) => Uint8Array = zeros) {}

  /** Room for `bytes` bytes. */
  take(bytes: number): Uint8Array {
    if (bytes > LARGEST_SHARED) return this.allocate(bytes);
    if (bytes <= CHEAP) return new Uint8Array(bytes);
    if (this.slab === null || this.used + bytes > this.slab.length) this.renew(bytes);
    const room = new Uint8Array(this.slab!.buffer, this.used, bytes);
    this.used += bytes;
    return room;
  }

  /** Takes back what was taken last: it was not needed after all. */
  giveBack(room: Uint8Array): void {
    if (this.slab !== null && room.buffer === this.slab.buffer) this.used = room.byteOffset;
  }

  private renew(bytes: number): void {
    while (this.size < bytes) this.size *= 2;
    this.slab = new Uint8Array(this.size);
    this.used = 0;
    this.size = Math.min(LARGEST_SLAB, 2 * this.size);
  }
}

function zeros(bytes: number): Uint8Array {
  return new Uint8Array(bytes);
}
