import { Dice } from './Dice.js';
import type { FuzzTarget } from './FuzzTarget.js';

/** How often an input is given again at most, and for how long. */
const ATTEMPTS = 2_000;
const TIME_MS = 5_000;

/** What is wrong with an input, in words; null if nothing is. Lengths and times in it may differ. */
function promiseBroken(target: FuzzTarget, dice: Dice): string | null {
  try {
    target.run(dice);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/\d+/g, '#') : String(error);
  }
}

/**
 * Leaves out of the numbers behind an input whatever it breaks its promise without, and makes the rest small; the input is
 * the target's last one afterwards. Gives up after a while: what is left need not be the smallest there is.
 *
 * @returns whether the input still fails; one that fails now and then may not.
 */
export function minimise(target: FuzzTarget, seed: number, index: number): boolean {
  const dice = new Dice(seed, index);
  let script = [...recorded(target, dice)];
  const promise = promiseBroken(target, dice.follow(script));
  if (promise === null) return false;
  const end = performance.now() + TIME_MS;
  let attempts = 0;
  const holds = (shorter: number[]): boolean => {
    attempts++;
    if (promiseBroken(target, dice.follow(shorter)) !== promise) return false;
    script = shorter;
    return true;
  };
  const tired = (): boolean => attempts >= ATTEMPTS || performance.now() > end;
  for (let span = script.length; span >= 1 && !tired(); span = Math.floor(span / 2)) {
    for (let at = script.length - span; at >= 0 && !tired(); at -= span) {
      holds([...script.slice(0, at), ...script.slice(at + span)]);
    }
  }
  const lower = (at: number, number: number): boolean =>
    holds([...script.slice(0, at), number, ...script.slice(at + 1)]);
  for (let at = 0; at < script.length && !tired(); at++) {
    const number = script[at];
    if (number === 0 || lower(at, 0)) continue;
    for (let part = 0.5; part > 0.01 && !tired(); part /= 2) if (!lower(at, number * part)) break;
  }
  return promiseBroken(target, dice.follow(script)) === promise;
}

function recorded(target: FuzzTarget, dice: Dice): readonly number[] {
  const numbers = dice.record();
  promiseBroken(target, dice);
  return numbers;
}
