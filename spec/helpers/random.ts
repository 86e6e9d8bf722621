/**
 * A seeded generator for specs (mulberry32). The seed comes from `SPEC_SEED` in the environment or the clock, and is
 * printed, so that a failing run can be repeated.
 */
export class Random {
  private state: number;
  readonly seed: number;

  constructor(name: string, seed: number = seedFromOutside()) {
    this.seed = seed >>> 0;
    this.state = this.seed;
    console.log(`  seed of ${name}: ${this.seed} (repeat with SPEC_SEED=${this.seed})`);
  }

  /** A float in [0, 1). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** An integer in [low, high]. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = this.integer(0, 255);
    return bytes;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.integer(0, from.length - 1)];
  }
}

function seedFromOutside(): number {
  const environment = (globalThis as { process?: { env: Record<string, string | undefined> } }).process?.env;
  const given = environment?.['SPEC_SEED'];
  return given === undefined ? Date.now() % 0x7fffffff : Number(given);
}
