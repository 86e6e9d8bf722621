import { heapBytes, runSlice, verifyHeap, watchUncaught } from '../../../fuzz/campaign.js';
import { Dice } from '../../../fuzz/Dice.js';
import { FuzzFailure, type FuzzTarget } from '../../../fuzz/FuzzTarget.js';
import { allTargets } from '../../../fuzz/targets/all.js';
import { DecoderTarget } from '../../../fuzz/targets/DecoderTarget.js';
import type { Codec, EncodingState } from '../../../lib/encoding/Codec.js';
import { uint } from '../../../lib/encoding/uint.js';

/** Fixed: a run that fails here fails again. `npm run fuzz` draws its own. */
const SEED = 20_260_727;

/** Inputs for each decoder; what does more with an input gets fewer. */
const INPUTS = 500;

describe('everything that takes input of a remote', () => {
  for (const target of allTargets()) {
    it(`keeps its promises: ${target.name}`, async () => {
      const uncaught = watchUncaught();
      try {
        const inputs = Math.max(50, Math.round(INPUTS / target.weight));
        runSlice(target, SEED, 0, Math.ceil(inputs / 4));
        const before = await heapBytes();
        const { accepted, refused } = runSlice(target, SEED, 0, inputs);
        verifyHeap(target, before, await heapBytes());
        expect(accepted + refused).toBe(inputs);
        // What only ever says no, or yes, shows little.
        expect(accepted).toBeGreaterThan(inputs / 50);
        if (!target.name.startsWith('rest')) expect(refused).toBeGreaterThan(inputs / 50);
      } finally {
        uncaught.stop();
      }
      expect(uncaught.errors).toEqual([]);
    });
  }

  it('draws the same inputs from the same seed, and others from another', () => {
    const drawn = (seed: number): string[] =>
      allTargets().map(target => {
        target.run(new Dice(seed, 5));
        return target.describe();
      });
    expect(drawn(1)).toEqual(drawn(1));
    expect(drawn(1)).not.toEqual(drawn(2));
  });
});

describe('the fuzzer', () => {
  const corpus = [Uint8Array.of(1, 2, 3), Uint8Array.of(0xfd, 1, 2)];
  const of = (change: Partial<Codec<number>>): FuzzTarget =>
    new DecoderTarget('planted', { ...uint, ...change }, corpus);
  const planted: Record<string, [FuzzTarget, RegExp]> = {
    'an error of another kind': [
      of({
        decode: state => {
          if (state.buffer![state.start] === 0xff) throw new TypeError('oops');
          return uint.decode(state);
        },
      }),
      /only errors of the library/,
    ],
    'a look past the end': [
      of({ decode: state => uint.decode(state) + (state.buffer![state.end] === 0xff ? 1 : 0) }),
      /nothing past the end is read/,
    ],
    'a cursor that leaves its window': [
      of({
        decode: state => {
          const value = uint.decode(state);
          state.start += 3;
          return value;
        },
      }),
      /stays in its window/,
    ],
    'a value that changes when it is written': [
      of({ encode: (state, value) => uint.encode(state, value > 0 && value < 0xfc ? value - 1 : value) }),
      /written and read is the same/,
    ],
    'a value that cannot be written': [
      of({
        preencode: (state, value) => {
          if (value === 2) throw new RangeError('no');
          uint.preencode(state, value);
        },
      }),
      /what was read can be written/,
    ],
    'work without bounds': [
      of({
        decode: state => {
          const value = uint.decode(state);
          for (const end = performance.now() + (value === 3 ? 100 : 0); performance.now() < end;);
          return value;
        },
      }),
      /work is bounded/,
    ],
  };

  for (const [what, [target, promise]] of Object.entries(planted)) {
    it(`finds ${what}, and says how to give the input again`, () => {
      let found: { message: string; index: number } | null = null;
      try {
        runSlice(target, SEED, 0, 5_000);
      } catch (error) {
        found = error as { message: string; index: number };
      }
      expect(found?.message).toMatch(promise);
      expect(() => runSlice(target, SEED, found!.index, found!.index + 1)).toThrowError(promise);
    });
  }

  it('cuts what it finds down to what matters', () => {
    const long = new Uint8Array(200).fill(7);
    long[150] = 0x2a;
    const decode = (state: EncodingState): number => {
      if (state.buffer!.includes(0x2a)) throw new TypeError('oops');
      return uint.decode(state);
    };
    const target = new DecoderTarget('planted', { ...uint, decode }, [long]);
    expect(() => runSlice(target, SEED, 0, 50_000)).toThrowError(/\n {2}2a\n {2}cut down from 07/);
  });

  it('cuts conversations down, too', () => {
    const target: FuzzTarget & { said: number[] } = {
      name: 'planted',
      weight: 1,
      inputBytes: 1,
      said: [],
      describe: () => target.said.join(' '),
      run: dice => {
        target.said = [];
        for (let steps = dice.integer(1, 30); steps > 0; steps--) target.said.push(dice.integer(0, 9));
        if (target.said.includes(7) && target.said.includes(8)) throw new FuzzFailure('no 7 beside an 8');
        return 'accepted';
      },
    };
    let failure = '';
    try {
      runSlice(target, SEED, 0, 1_000);
    } catch (error) {
      failure = (error as Error).message;
    }
    const [, left] = /\n {2}([\d ]+)\n {2}cut down from/.exec(failure) ?? [];
    expect(
      left
        ?.split(' ')
        .filter(step => step === '7' || step === '8')
        .sort(),
    ).toEqual(['7', '8']);
    expect(left?.split(' ').length).toBeLessThan(12);
  });

  it('finds a heap that grows, and errors that nobody catches', async () => {
    const kept: number[][] = [];
    const leak = of({
      decode: state => {
        kept.push(new Array<number>(1000).fill(1.5));
        return uint.decode(state);
      },
    });
    const before = await heapBytes();
    runSlice(leak, SEED, 0, 1_000);
    const after = await heapBytes();
    expect(() => verifyHeap(leak, before, after)).toThrowError(/heap grew/);
    expect(kept.length).toBeGreaterThan(0);

    // Told by hand: a real one would be the test runner's as well.
    const uncaught = watchUncaught();
    const told = new Error('nobody listens');
    for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
      (process.listeners(event as 'exit').at(-1) as unknown as (error: Error) => void)(told);
    }
    uncaught.stop();
    expect(uncaught.errors).toEqual([told, told]);
  });
});
