import { allBackends, type ComparedKind, compareBackends } from './compareBackends.js';

/** A share of the cases, done by one process, which answers `same` or with what differed. */
interface ComparedShare {
  kind: ComparedKind;
  seed: number;
  cases: number;
}

async function run({ kind, seed, cases }: ComparedShare): Promise<string> {
  try {
    compareBackends(await allBackends(), kind, seed, cases);
    return 'same';
  } catch (error) {
    return String(error);
  }
}

process.on('message', (share: ComparedShare) => void run(share).then(answer => process.send?.(answer)));
