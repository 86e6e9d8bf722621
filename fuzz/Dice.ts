/**
 * Chance that can be repeated: every input has numbers of its own, from the seed of the campaign and the input's number, so
 * that one input can be made again without those before it. Or it follows a script, in which numbers may be left out and
 * made smaller: that is how an input that failed is cut down, whatever is made of the numbers.
 */
export class Dice {
  private state = 0;
  private script: readonly number[] | null = null;
  private at = 0;
  private log: number[] | null = null;

  constructor(seed = 0, index = 0) {
    this.reset(seed, index);
  }

  /** Begins the numbers of input `index`. */
  reset(seed: number, index: number): this {
    this.script = this.log = null;
    this.state = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) + Math.imul(index + 1, 0xc2b2ae35)) | 0;
    this.next();
    return this;
  }

  /** Gives these numbers from now on, and zeros after them. */
  follow(script: readonly number[]): this {
    this.script = script;
    this.at = 0;
    return this;
  }

  /** Keeps the numbers from now on, and returns where. */
  record(): readonly number[] {
    return (this.log = []);
  }

  /** A float in [0, 1) (mulberry32). */
  next(): number {
    if (this.script !== null) return this.script[this.at++] ?? 0;
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    const number = ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    this.log?.push(number);
    return number;
  }

  /** An integer in [low, high]. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.integer(0, from.length - 1)];
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = this.integer(0, 255);
    return bytes;
  }
}
