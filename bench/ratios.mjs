import { median } from './median.mjs';

/** How many times the official stack's rate each side had, round by round: the median. */
export function ratiosOf({ official, ...others }) {
  if (official === undefined) return {};
  const pairs = Object.entries(others).map(([side, rates]) => [
    side,
    median(rates.map((rate, round) => rate / official[round])),
  ]);
  return Object.fromEntries(pairs.filter(([, ratio]) => Number.isFinite(ratio)));
}
