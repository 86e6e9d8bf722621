import { fork, type ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Random } from '../../helpers/random.js';
import type { DifferentialKind } from './differentialCases.js';
import type { DifferentialReport, DifferentialShare } from './differentialWorker.js';

/** How often each primitive is compared with libsodium. */
const CASES = 10_000;

/** Into how many shares the cases are divided: fixed, so that a seed gives the same cases on every machine. */
const SHARES = 40;

const TIMEOUT_MS = 600_000;

/** Does shares one after the other in one process of its own; Ed25519 in plain JavaScript takes milliseconds. */
class Worker {
  private readonly child: ChildProcess = fork(
    fileURLToPath(new URL('./differentialWorker.ts', import.meta.url)),
    { execArgv: ['--import', 'tsx'], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
  );

  run(share: DifferentialShare): Promise<DifferentialReport> {
    return new Promise((resolve, reject) => {
      const exited = (code: number | null): void => reject(new Error(`the worker exited with ${code}`));
      this.child.once('exit', exited);
      this.child.once('message', report => {
        this.child.off('exit', exited);
        resolve(report as DifferentialReport);
      });
      this.child.send(share);
    });
  }

  end(): void {
    this.child.disconnect();
  }
}

describe('portable crypto beside libsodium', () => {
  let workers: Worker[] = [];
  let seeds: Random;

  beforeAll(() => {
    seeds = new Random('portable crypto beside libsodium');
    workers = Array.from({ length: Math.min(8, availableParallelism()) }, () => new Worker());
  });

  afterAll(() => workers.forEach(worker => worker.end()));

  const kinds: Record<DifferentialKind, string> = {
    hash: 'hashes the same, keyed and unkeyed, in one part and in several',
    signature: 'signs the same, and accepts and refuses the same signatures',
    dh: 'agrees on the same secrets, and refuses the same points',
    aead: 'seals the same, and opens and refuses the same',
    secretStream: 'makes the same streams of records, and refuses the same records',
  };

  (Object.entries(kinds) as [DifferentialKind, string][]).forEach(([kind, what], index) => {
    it(
      `${what}, ${CASES} times`,
      async () => {
        const shares = Array.from({ length: SHARES }, (_, n) => ({
          kind,
          seed: seeds.seed + 1000 * index + n,
          cases: CASES / SHARES,
        }));
        const reports: DifferentialReport[] = [];
        await Promise.all(
          workers.map(async worker => {
            for (let share = shares.shift(); share !== undefined; share = shares.shift()) {
              reports.push(await worker.run(share));
            }
          }),
        );
        expect(reports.flatMap(({ failure }) => failure ?? [])).toEqual([]);
        expect(reports.reduce((sum, { done }) => sum + done, 0)).toBe(CASES);
      },
      TIMEOUT_MS,
    );
  });
});
