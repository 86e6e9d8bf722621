import type { CryptoBackend } from '../../../lib/crypto/CryptoBackend.js';
import { combinedCrypto } from '../../../lib/crypto/sodiumNative/sodiumNative.js';
import { isHypercoreError } from '../../../lib/errors.js';
import { openLog } from '../../../lib/log/openLog.js';
import { FaultyStorage } from '../../../lib/testing/FaultyStorage.js';
import { fill, hex } from '../../helpers/bytes.js';
import { Random } from '../../helpers/random.js';

const seed = fill(32, 7);
const block = (n: number): Uint8Array => fill((n * 13) % 50, n);

describe('log: a bit that flipped in storage', () => {
  let crypto: CryptoBackend;
  beforeAll(async () => {
    crypto = await combinedCrypto();
  });

  for (const closed of [true, false]) {
    it(`is an error with a code, or does no harm, ${closed ? 'after closing' : 'after a crash'}`, async () => {
      const random = new Random('flipped bits');
      const written = new FaultyStorage();
      const log = await openLog({ seed, crypto, storage: written });
      await log.append(Array.from({ length: 9 }, (_, i) => block(i)));
      await log.append(block(9));
      await log.truncate(8);
      await log.append([block(20), block(21), block(22)]);
      await log.clear(3);
      const expected = new Map<number, string>();
      for (let i = 0; i < log.length; i++) if (log.has(i)) expected.set(i, hex(await log.get(i)));
      const treeHash = hex(await log.treeHash());
      const bytes = [1, 60, 130, 200, log.byteLength - 1];
      const places = await Promise.all(bytes.map(byte => log.seek(byte)));
      if (closed) await log.close();

      const found = { refused: 0, harmless: 0, unreadable: 0 };
      const wrong: string[] = [];
      for (const name of written.names()) {
        const bits = written.lengthOf(name) * 8;
        for (let i = 0; i < 400; i++) {
          const bit = i < bits && bits <= 400 ? i : random.integer(0, bits - 1);
          const storage = written.afterCrash('kept');
          storage.flipBit(name, bit);
          const context = `${name}, bit ${bit}`;
          try {
            const opened = await openLog({ crypto, storage });
            if (opened.length !== 11 || opened.fork !== 1 || hex(await opened.treeHash()) !== treeHash) {
              wrong.push(`${context}: another log, of ${opened.length} blocks`);
            }
            let unreadable = 0;
            for (const [index, value] of expected) {
              try {
                if (hex(await opened.get(index)) !== value) wrong.push(`${context}: another block ${index}`);
              } catch (error) {
                if (!isHypercoreError(error)) throw error;
                unreadable++;
              }
            }
            for (const [at, byte] of bytes.entries()) {
              try {
                const { index, offset } = await opened.seek(byte);
                if (index !== places[at].index || offset !== places[at].offset)
                  wrong.push(`${context}: byte ${byte} in block ${index}`);
              } catch (error) {
                if (!isHypercoreError(error)) throw error;
                unreadable++;
              }
            }
            if (unreadable === 0) found.harmless++;
            else found.unreadable++;
            await opened.close();
          } catch (error) {
            if (isHypercoreError(error)) found.refused++;
            else wrong.push(`${context}: ${error instanceof Error ? error.stack : String(error)}`);
          }
        }
      }
      expect(wrong.slice(0, 3)).toEqual([]);
      expect(wrong.length).toBe(0);
      // Each of them happens, or the spec would look at nothing.
      expect(found.refused).toBeGreaterThan(10);
      expect(found.unreadable).toBeGreaterThan(10);
      expect(found.harmless).toBeGreaterThan(10);
    });
  }
});
