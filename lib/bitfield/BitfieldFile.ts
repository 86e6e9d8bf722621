import type { RandomAccess } from '../storage/RandomAccess.js';
import { Bitfield, type BitfieldOptions } from './Bitfield.js';
import { PAGE_BITS, PAGE_BYTES } from './BitfieldPage.js';

/** Pages read or written at a time: 1 MiB. */
const RUN_PAGES = 256;

const PAGE_WORDS = PAGE_BITS / 32;

/**
 * A {@link Bitfield} and the file it is kept in: a plain bitmap, little-endian words with the lowest bit first, written in
 * pages of 4096 bytes (hypercore 10 `lib/bitfield.js`). Does not close the file.
 *
 * @public
 */
export class BitfieldFile {
  private constructor(
    private readonly file: RandomAccess,
    /** What is set; change it here, and {@link BitfieldFile.flush} it. */
    readonly bits: Bitfield,
  ) {}

  /**
   * Reads the bitfield of a file, which may be empty; a file that ends inside a page or a word is as good as one with zeros
   * behind.
   *
   * Rejects as the file does, and with `LimitExceededError` if a bit above the bounds is set.
   */
  static async open(file: RandomAccess, options: BitfieldOptions = {}): Promise<BitfieldFile> {
    const bits = new Bitfield(options);
    const length = await file.length();
    for (let offset = 0; offset < length; offset += RUN_PAGES * PAGE_BYTES) {
      const bytes = await file.read(offset, Math.min(RUN_PAGES * PAGE_BYTES, length - offset));
      if (bytes) load(bits, offset * 8, bytes);
    }
    bits.takeChanged();
    return new BitfieldFile(file, bits);
  }

  /** Resolves once every page that changed is stored and safe. If it rejects, they are tried again by the next call. */
  async flush(): Promise<void> {
    const pages = this.bits.takeChanged();
    if (pages.length === 0) return;
    try {
      for (let i = 0; i < pages.length;) {
        let run = 1;
        while (run < RUN_PAGES && pages[i + run] === pages[i] + run) run++;
        const words = this.bits.words(pages[i] * PAGE_BITS, run * PAGE_WORDS);
        await this.file.write(pages[i] * PAGE_BYTES, littleEndian(words));
        i += run;
      }
      await this.file.flush();
    } catch (error) {
      this.bits.markChanged(pages);
      throw error;
    }
  }
}

function load(bits: Bitfield, start: number, bytes: Uint8Array): void {
  const words = new Uint32Array(Math.ceil(bytes.length / 4));
  new Uint8Array(words.buffer).set(bytes);
  for (let at = 0; at < words.length; at += PAGE_WORDS) {
    const page = words.subarray(at, at + PAGE_WORDS);
    if (page.some(word => word !== 0)) bits.setWords(start + at * 32, page);
  }
}

/** The memory of a typed array is little endian on every platform that runs JavaScript engines of today. */
function littleEndian(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
