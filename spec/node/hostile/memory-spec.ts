import { type Limits, defaultLimits } from '../../../lib/limits.js';
import type { Protocol } from '../../../lib/connection/Protocol.js';
import type { Misbehaviour } from '../../../lib/testing/hostile/Misbehaviour.js';
import { misbehaviours } from '../../../lib/testing/hostile/misbehaviours.js';
import { Battle, key, small } from '../../hostile/Battle.js';

const collect = (globalThis as { gc?: () => void }).gc;

/** Bytes in use once everything unused is gone. */
async function used(): Promise<number> {
  // A WeakRef holds on until the turn of the event loop is over, and so may what a microtask was given.
  await new Promise(resolve => setTimeout(resolve, 0));
  collect?.();
  collect?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function fight(misbehaviour: Misbehaviour, limits: Partial<Limits>): Protocol {
  const { phase, expected } = misbehaviour;
  const battle = new Battle({ misbehaviour, limits, session: phase !== 'handshake' });
  battle.pass(expected.ends === 'connection' ? 200_000 : 50_000);
  if (expected.ends !== 'connection') {
    battle.protocol.close();
    battle.pass(10_000);
  }
  if (!battle.ended) throw new Error('the connection is still there');
  battle.leave();
  battle.messages.length = battle.log.length = battle.seen.length = 0; // the spec's own
  return battle.protocol;
}

describe('the memory of a hostile peer’s victim', () => {
  beforeEach(() => {
    if (collect === undefined) throw new Error('run with --expose-gc');
  });

  it('is free after each misbehaviour: nothing refers to the connection any more', async () => {
    const held: string[] = [];
    for (const misbehaviour of misbehaviours({ key, limits: small })) {
      // What the engine happens to have on its stack is collected a little later.
      let free = false;
      for (let attempt = 0; attempt < 5 && !free; attempt++) {
        const reference = new WeakRef(fight(misbehaviour, small));
        await used();
        free = reference.deref() === undefined;
      }
      if (!free) held.push(misbehaviour.name);
    }
    expect(held).toEqual([]);
  });

  it('is back at the baseline after hundreds of battles', async () => {
    const all = misbehaviours({ key, limits: small });
    const rounds = async (count: number): Promise<number> => {
      for (let i = 0; i < count; i++) for (const misbehaviour of all) fight(misbehaviour, small);
      return used();
    };
    await rounds(2);
    const before = await used();
    const after = await rounds(6);
    expect(after - before)
      .withContext(`from ${before}`)
      .toBeLessThan(1_000_000);
  });

  it('holds little of a connection that is over, even if somebody keeps it', async () => {
    // An open connection that nothing happened to holds about 30,000 bytes.
    const COUNT = 12;
    for (const misbehaviour of misbehaviours({ key, limits: small })) {
      const kept: Protocol[] = [];
      fight(misbehaviour, small);
      const before = await used();
      for (let i = 0; i < COUNT; i++) kept.push(fight(misbehaviour, small));
      const each = ((await used()) - before) / kept.length;
      expect(each).withContext(misbehaviour.name).toBeLessThan(100_000);
    }
  });

  it('stays within bounds while the floods of the default limits last', async () => {
    const floods: Record<string, number> = {
      'flood of opens': 60e6,
      'flood of opens in a batch': 80e6,
      'flood of early messages': 10e6,
      'flood of early bytes': 20e6,
      'huge open': 20e6,
      'close storm': 20e6,
      reopening: 20e6,
      'items without end': 20e6,
      'lying node count': 10e6,
      'frame announced': 10e6,
    };
    for (const misbehaviour of misbehaviours({ key, limits: defaultLimits })) {
      const most = floods[misbehaviour.name];
      if (most === undefined) continue;
      const before = await used();
      let peak = 0;
      const battle = new Battle({
        misbehaviour,
        limits: {},
        prepare: protocol => {
          const look = (): void => {
            collect?.();
            const { heapUsed, arrayBuffers } = process.memoryUsage();
            peak = Math.max(peak, heapUsed + arrayBuffers - before);
          };
          protocol.closed.subscribe({ error: look });
          let events = 0;
          protocol.events.subscribe({ next: () => ++events % 4096 === 0 && look(), error: look });
        },
      });
      battle.pass(200_000);
      expect(peak).withContext(misbehaviour.name).toBeLessThan(most);
      console.log(`  ${misbehaviour.name}: at most ${(peak / 1e6).toFixed(1)} MB`);
    }
  });
});
