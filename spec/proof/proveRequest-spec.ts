import { portableCrypto as crypto } from '../../lib/crypto/portable/portable.js';
import { isHypercoreError } from '../../lib/errors.js';
import { ProofError } from '../../lib/logErrors.js';
import {
  request,
  type RequestFields,
  type RequestSeek,
  type RequestUpgrade,
} from '../../lib/messages/request.js';
import { fill } from '../helpers/bytes.js';
import { MemoryLog } from './MemoryLog.js';

const seed = fill(32, 7);
const { publicKey } = crypto.keyPair(seed);

function logOf(length: number): MemoryLog {
  const log = new MemoryLog(crypto, publicKey);
  log.append(
    Array.from({ length }, (_, index) => fill(index % 4, index)),
    seed,
  );
  return log;
}

/** Every request there is of a tree, and some beyond it. */
function* requestsOf({ head: { length, byteLength } }: MemoryLog): Generator<RequestFields> {
  const numbers = (end: number): number[] => Array.from({ length: end }, (_, n) => n);
  const targets: Pick<RequestFields, 'block' | 'hash'>[] = [{}];
  for (const nodes of numbers(5)) {
    for (const index of numbers(length + 2)) targets.push({ block: { index, nodes } });
    for (const index of numbers(2 * length + 3)) targets.push({ hash: { index, nodes } });
  }
  const upgrades: (RequestUpgrade | null)[] = [null];
  for (const start of numbers(length + 2)) {
    for (const more of numbers(length + 2)) upgrades.push({ start, length: more });
  }
  const seeks: (RequestSeek | null)[] = [null];
  for (const bytes of numbers(byteLength + 2)) seeks.push({ bytes, padding: 0 }, { bytes, padding: 1 });
  for (const target of targets) {
    for (const upgrade of upgrades) for (const seek of seeks) yield { id: 1, ...target, upgrade, seek };
  }
}

describe('proveRequest', () => {
  for (const length of [1, 2, 3, 5, 6]) {
    it(`answers or refuses every request of ${length} blocks, in bounded time`, () => {
      const log = logOf(length);
      let [proofs, refused] = [0, 0];
      for (const fields of requestsOf(log)) {
        try {
          if (log.prove(request(fields)) !== null) proofs++;
        } catch (error) {
          if (!isHypercoreError(error) || error.code !== 'ERR_PROOF') throw error;
          refused++;
        }
      }
      expect(proofs).toBeGreaterThan(0);
      expect(refused).toBeGreaterThan(0);
    });
  }

  it('refuses a hash beside a seek that leads elsewhere in the upgrade, from which it would climb for ever', () => {
    const log = logOf(88);
    const asks = { hash: { index: 75, nodes: 4 }, seek: { bytes: 99, padding: 0 } };
    expect(() => log.prove(request({ id: 22, ...asks, upgrade: { start: 38, length: 29 } }))).toThrowError(
      ProofError,
    );
  });
});
