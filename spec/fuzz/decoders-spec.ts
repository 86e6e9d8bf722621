import { runSlice } from '../../fuzz/campaign.js';
import { decoderTargets } from '../../fuzz/targets/decoders.js';
import { ExtensionNamesTarget } from '../../fuzz/targets/ExtensionNamesTarget.js';
import { PayloadTarget } from '../../fuzz/targets/streams.js';

/** Not that of the longer run in Node. */
const SEED = 20_261_123;

const INPUTS = 500;

describe('decoders, on whatever runs this', () => {
  for (const target of [...decoderTargets(), new ExtensionNamesTarget(), new PayloadTarget()]) {
    it(`keep their promises: ${target.name}`, () => {
      const { accepted, refused } = runSlice(target, SEED, 0, INPUTS);
      expect(accepted + refused).toBe(INPUTS);
      expect(accepted).toBeGreaterThan(INPUTS / 50);
    });
  }
});
