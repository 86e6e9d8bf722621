import { Dice } from './Dice.js';
import { broken, type FuzzTarget } from './FuzzTarget.js';
import { minimise } from './minimise.js';

/** What an input may take: a pause of the machine, and some time for each of its bytes. */
const PAUSE_MS = 60;
const MS_PER_BYTE = 0.02;

/** How many times a slow input is given again before the machine is no longer to blame. */
const AGAIN = 4;

/** How much the heap may differ after a campaign, in bytes. */
const HEAP_SLACK = 4_000_000;

/** What a slice of a campaign came to. */
export interface SliceResult {
  readonly accepted: number;
  readonly refused: number;
  readonly bytes: number;
}

/** An input that broke a promise, and how to give it again. */
export class BrokenPromise extends Error {
  override readonly name = 'BrokenPromise';
  constructor(
    readonly target: string,
    readonly seed: number,
    readonly index: number,
    readonly input: string,
    cause: unknown,
  ) {
    super(
      `${target}, seed ${seed}, input ${index}: ${cause instanceof Error ? cause.message : String(cause)}\n  ${input}`,
      { cause },
    );
  }
}

/** Gives a target the inputs [from, to) of a seed. Inputs do not depend on each other. */
export function runSlice(target: FuzzTarget, seed: number, from: number, to: number): SliceResult {
  const dice = new Dice();
  const result = { accepted: 0, refused: 0, bytes: 0 };
  // Most of the time would go into traces of errors that are meant.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    for (let index = from, started = performance.now(); index < to; index++) {
      try {
        result[target.run(dice.reset(seed, index))]++;
        result.bytes += target.inputBytes;
        const now = performance.now();
        if (now - started > allowed(target)) verifyPace(target, dice, seed, index);
        started = now;
      } catch {
        Error.stackTraceLimit = Math.max(20, stackTraceLimit);
        throw explained(target, seed, index);
      }
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  return result;
}

/** Gives the input again, as it was and then cut down, and tells all that is known. */
function explained(target: FuzzTarget, seed: number, index: number): BrokenPromise {
  const dice = new Dice(seed, index);
  let cause: unknown = new Error('the input failed once and did not fail again');
  try {
    target.run(dice);
    verifyPace(target, dice, seed, index);
  } catch (error) {
    cause = error;
  }
  const whole = target.describe();
  const small = minimise(target, seed, index) ? target.describe() : whole;
  const input = small.length < whole.length ? `${small}\n  cut down from ${whole}` : whole;
  return new BrokenPromise(target.name, seed, index, input, cause);
}

const allowed = (target: FuzzTarget): number => PAUSE_MS + MS_PER_BYTE * target.inputBytes;

/** An input was slow: slow for good, or because the machine was busy or collected its garbage? */
function verifyPace(target: FuzzTarget, dice: Dice, seed: number, index: number): void {
  let fastest = Infinity;
  for (let i = 0; i < AGAIN; i++) {
    const started = performance.now();
    target.run(dice.reset(seed, index));
    fastest = Math.min(fastest, performance.now() - started);
  }
  if (fastest > allowed(target)) {
    broken(`work is bounded by what was received: ${fastest.toFixed(0)} ms for ${target.inputBytes} bytes`);
  }
}

/** Bytes in use when everything that nobody needs is gone; the process must have been started with `--expose-gc`. */
export async function heapBytes(): Promise<number> {
  // Errors of subscribers and rejections of promises come to light only now.
  await new Promise(resolve => setTimeout(resolve, 0));
  const { gc } = globalThis as { gc?: () => void };
  gc?.();
  gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Compares two of them. */
export function verifyHeap(target: FuzzTarget, before: number, after: number): void {
  if (after - before > HEAP_SLACK) broken(`${target.name}: the heap grew by ${after - before} bytes`);
}

/** Errors that nobody caught while something ran; the list is empty if all is well. */
export function watchUncaught(): { readonly errors: unknown[]; stop(): void } {
  const errors: unknown[] = [];
  const keep = (error: unknown): void => void errors.push(error);
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  for (const event of events) process.on(event, keep);
  return {
    errors,
    stop: () => {
      for (const event of events) process.off(event, keep);
    },
  };
}
