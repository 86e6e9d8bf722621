import { Dice } from './Dice.js';
import type { FuzzTarget } from './FuzzTarget.js';

/** How often an input is given again at most, and for how long. */
const ATTEMPTS = 2_000;
const TIME_MS = 5_000;

/** What is wrong, in words; null if nothing is. Lengths and times in it may differ. */
function promiseBroken(give: () => unknown): string | null {
  try {
    give();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/\d+/g, '#') : String(error);
  }
}

/** Leaves out of a list whatever it fails without, and makes the rest small. Gives up after a while. */
function shrink<T>(
  list: readonly T[],
  fails: (list: readonly T[]) => boolean,
  smaller: (value: T) => readonly T[],
): readonly T[] {
  const end = performance.now() + TIME_MS;
  let attempts = 0;
  let best = list;
  const tired = (): boolean => attempts >= ATTEMPTS || performance.now() > end;
  const holds = (other: readonly T[]): boolean => {
    attempts++;
    if (!fails(other)) return false;
    best = other;
    return true;
  };
  for (let span = best.length; span >= 1 && !tired(); span = Math.floor(span / 2)) {
    for (let at = best.length - span; at >= 0 && !tired(); at -= span) {
      holds([...best.slice(0, at), ...best.slice(at + span)]);
    }
  }
  for (let at = 0; at < best.length && !tired(); at++) {
    smaller(best[at]).some(value => holds([...best.slice(0, at), value, ...best.slice(at + 1)]) || tired());
  }
  return best;
}

/**
 * Cuts a failing input down: its bytes where it is one array of them, and otherwise the numbers from which it was drawn. It is
 * the target's last one afterwards; what is left need not be the smallest there is.
 *
 * @returns whether the input still fails; one that fails now and then may not.
 */
export function minimise(target: FuzzTarget, seed: number, index: number): boolean {
  const dice = new Dice(seed, index);
  const numbers = dice.record();
  const promise = promiseBroken(() => target.run(dice));
  if (promise === null) return false;
  if (target.give !== undefined && target.given !== undefined) {
    const give = (bytes: readonly number[]): string | null =>
      promiseBroken(() => target.give!(Uint8Array.from(bytes)));
    const small = shrink(
      [...target.given],
      bytes => give(bytes) === promise,
      byte => (byte === 0 ? [] : [0]),
    );
    if (give(small) === promise) return true;
  }
  const follow = (script: readonly number[]): string | null =>
    promiseBroken(() => target.run(dice.follow(script)));
  const lower = (number: number): readonly number[] => (number === 0 ? [] : [0, number / 4, number / 2]);
  return follow(shrink([...numbers], script => follow(script) === promise, lower)) === promise;
}
