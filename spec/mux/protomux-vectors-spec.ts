import { defaultLimits } from '../../lib/limits.js';
import { PRESSURE_MARK } from '../../lib/mux/EarlyMessages.js';
import vectors from '../vectors/protomux.json' with { type: 'json' };
import { type Fact, ProtomuxReplay, rendered, type Step } from './ProtomuxReplay.js';

interface Entry {
  readonly what: string;
  readonly steps: readonly Step[];
}

const { writing, scenarios, limits } = vectors as unknown as {
  writing: Entry[];
  scenarios: Entry[];
  limits: { maxBatch: number; maxBuffered: number; pendingMessageOverhead: number };
};

/** Where this library does something else than Protomux, on purpose: what it does instead, and why. */
const differences: Record<string, { readonly reason: string; readonly out: readonly Fact[] }> = {
  'quirk: send before open writes to channel 0': {
    reason: 'channel 0 is the control session: the caller is told of its mistake and nothing is written',
    out: [{ event: 'destroy', error: 'open the channel before sending on it' }],
  },
  'remote closes while pending: the close is ignored': {
    reason:
      'the close is remembered: the dead open is rejected instead of adopted, so both sides agree on ids',
    out: [{ event: 'pair', id: null }, { write: '000201' }, { write: '000101097665632f70726f746f00' }],
  },
  'alias: remote opens the old name first, local takes it by the alias': {
    reason: 'an alias also finds an open that came before the local channel',
    out: [
      { event: 'pair', id: null },
      { write: '000101097665632f70726f746f00' },
      { event: 'onopen', ch: 'a', handshake: null },
    ],
  },
  'alias: pair is called with the name the remote used': {
    reason: 'as above',
    out: [
      { event: 'pair', id: null },
      { write: '000101097665632f70726f746f00' },
      { event: 'onopen', ch: 'a', handshake: null },
    ],
  },
  'batch: last length reaches past the end: clipped': {
    reason: 'a length beyond the end is malformed; older versions of Protomux read past the end here',
    out: [
      { write: '000101097665632f70726f746f00' },
      { event: 'onopen', ch: 'a', handshake: null },
      { event: 'destroy', error: 'ERR_MUX_BATCH' },
      { event: 'onclose', ch: 'a', isRemote: true },
      { event: 'ondestroy', ch: 'a' },
    ],
  },
};

/** The codes behind the texts of Protomux and compact-encoding, where ours are not the more precise ones below. */
const codes: Record<string, string> = {
  'Out of bounds': 'ERR_OUT_OF_BOUNDS',
  'Invalid open message': 'ERR_MUX_OPEN',
  'Invalid reject message': 'ERR_MUX_REJECT',
  'uint must be between 0 and 9007199254740991, use biguint': 'ERR_BAD_VALUE',
};

/** Entries that fail with a code of their own. */
const preciseCodes: Record<string, string> = {
  'open: id 0': 'ERR_MUX_OPEN', // Protomux fails only because it cannot encode the reject
  'batch: empty': 'ERR_MUX_BATCH',
  'batch: cut inside a length': 'ERR_MUX_BATCH',
  'batch: cut after a channel change marker': 'ERR_MUX_BATCH',
};

function expectedOf({ what, steps }: Entry): Fact[] {
  const difference = differences[what];
  if (difference !== undefined) return [...difference.out];
  const facts: Fact[] = [];
  let destroyed = false;
  for (const fact of steps.flatMap(step => step.out)) {
    if (fact['event'] === 'destroy') {
      destroyed = true;
      const error = fact['error'] as string | null;
      facts.push({ ...fact, error: error === null ? null : (preciseCodes[what] ?? codes[error] ?? error) });
    } else if ('returned' in fact && fact['returned'] === null) {
      // Protomux's send for a skipped type returns nothing; ours always tells whether the link is drained.
    } else if (!destroyed || !('write' in fact)) facts.push(fact);
  }
  return closesFirst(facts);
}

/** Our close leaves before the handler hears of it, so that the handler may open the same channel anew. */
function closesFirst(facts: readonly Fact[]): Fact[] {
  const moved = [...facts];
  for (let i = 0; i < moved.length; i++) {
    const { event, ch, isRemote } = moved[i];
    if (event !== 'onclose' || isRemote !== false) continue;
    const next = moved[i + 1];
    const at = next?.['event'] === 'ondestroy' && next['ch'] === ch ? i + 2 : i + 1;
    const write = moved[at]?.['write'];
    if (typeof write !== 'string' || !write.startsWith('0003')) continue;
    moved.splice(i, 0, ...moved.splice(at, 1));
    i++;
  }
  return moved;
}

function comparable(fact: Fact, like: Fact | undefined): Fact {
  return Object.fromEntries(
    Object.entries(fact).map(([name, value]) => [name, rendered(value, like?.[name])]),
  );
}

function withoutSha(fact: Fact): Fact {
  return Object.fromEntries(
    Object.entries(fact).map(([name, value]) => {
      if (typeof value !== 'object' || value === null || !('sha256' in value)) return [name, value];
      const { sha256: _sha256, ...others } = value;
      return [name, others];
    }),
  );
}

describe('MuxState and the vectors of Protomux', () => {
  let replayed = 0;

  for (const [section, entries] of Object.entries({ writing, scenarios })) {
    describe(section, () => {
      entries.forEach((entry, index) => {
        it(`${index}: ${entry.what}`, () => {
          const replay = new ProtomuxReplay();
          replay.run(entry.steps);
          const expected = expectedOf(entry);
          const got = replay.facts.map((fact, i) => comparable(fact, expected[i]));
          expect(got).toEqual(expected.map(withoutSha));
          replayed++;
        });
      });
    });
  }

  it('has every entry, and every stated difference is about one of them', () => {
    expect([writing.length, scenarios.length]).toEqual([39, 129]);
    const names = [...writing, ...scenarios].map(entry => entry.what);
    for (const what of [...Object.keys(differences), ...Object.keys(preciseCodes)]) {
      expect(names.filter(name => name === what).length)
        .withContext(what)
        .toBe(1);
    }
  });

  it('has the constants of Protomux', () => {
    expect(limits.maxBuffered).toBe(PRESSURE_MARK);
    expect(limits.maxBatch).toBe(0x800000);
    expect(defaultLimits.maxEarlyBytes).toBeGreaterThan(limits.maxBuffered);
  });

  afterAll(() => {
    expect(replayed).toBe(writing.length + scenarios.length);
  });
});
