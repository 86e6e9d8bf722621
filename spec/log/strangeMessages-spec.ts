import { Dice } from '../../fuzz/Dice.js';
import { proofBlocks, proofSeed, ProofTarget } from '../../fuzz/targets/ProofTarget.js';
import { portableCrypto as crypto } from '../../lib/crypto/portable/portable.js';
import { isHypercoreError } from '../../lib/errors.js';
import type { Log } from '../../lib/log/Log.js';
import { openLog } from '../../lib/log/openLog.js';
import { hex } from '../helpers/bytes.js';
import { Random } from '../helpers/random.js';
import { download, upgrade } from './replicate.js';

const MESSAGES = 600;
const EACH = 60;

describe('log: messages that were changed on their way', () => {
  it('are refused with a typed error, or are true, and leave a log that goes on', async () => {
    const { seed } = new Random('strange messages');
    const target = new ProofTarget();
    const writer = await openLog({ seed: proofSeed, crypto });
    await writer.append(proofBlocks);
    const tally = { taken: 0, refused: 0 };
    let reader = await freshReader(writer, 0);
    for (let i = 0; i < MESSAGES; i++) {
      target.run(new Dice(seed, i));
      const { message } = target;
      if (message === null) continue;
      const { length } = reader;
      try {
        await reader.core.receive(message);
        tally.taken++;
      } catch (error) {
        if (!isHypercoreError(error)) throw error;
        tally.refused++;
        expect(reader.length).toBe(length);
      }
      if (i % EACH !== EACH - 1) continue;
      await expectTrue(writer, reader);
      // Whatever it learned, honest answers are taken still.
      await upgrade(writer, reader);
      await download(
        writer,
        reader,
        [3, 17, 44].filter(index => !reader.has(index)),
      );
      await expectTrue(writer, reader);
      await reader.close();
      reader = await freshReader(writer, [0, 1, 6, 16, 33][((i / EACH) % 5) | 0]);
    }
    expect(tally.taken).toBeGreaterThan(MESSAGES / 50);
    expect(tally.refused).toBeGreaterThan(MESSAGES / 10);
    await reader.close();
    await writer.close();
  });
});

/** One that knows a tree of so many blocks. */
async function freshReader(writer: Log, length: number): Promise<Log> {
  const reader = await openLog({ key: writer.key, crypto });
  if (length === 0) return reader;
  const shorter = await openLog({ seed: proofSeed, crypto });
  await shorter.append(proofBlocks.slice(0, length));
  await upgrade(shorter, reader);
  await shorter.close();
  return reader;
}

async function expectTrue(writer: Log, reader: Log): Promise<void> {
  expect(hex(await reader.treeHash())).toBe(hex(await writer.treeHash(reader.length)));
  for (let index = 0; index < reader.length; index++) {
    if (reader.has(index)) expect(await reader.get(index)).toEqual(proofBlocks[index]);
  }
}
