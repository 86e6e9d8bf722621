import { portableCrypto } from '../../../lib/crypto/portable/portable.js';
import { Random } from '../../helpers/random.js';
import { differentialCases, type DifferentialKind } from './differentialCases.js';

/** A share of the cases of one kind, done by one process. */
export interface DifferentialShare {
  kind: DifferentialKind;
  seed: number;
  cases: number;
}

/** What came of it. */
export interface DifferentialReport {
  done: number;
  milliseconds: number;
  /** The first case that differed. */
  failure?: string;
}

function run({ kind, seed, cases }: DifferentialShare): DifferentialReport {
  const random = new Random(kind, seed);
  const started = performance.now();
  let done = 0;
  try {
    for (; done < cases; done++) differentialCases[kind](portableCrypto, random);
  } catch (error) {
    return {
      done,
      milliseconds: performance.now() - started,
      failure: `case ${done} of ${kind}: ${String(error)}`,
    };
  }
  return { done, milliseconds: performance.now() - started };
}

process.on('message', (share: DifferentialShare) => process.send?.(run(share)));
