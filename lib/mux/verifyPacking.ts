import type { PackingOptions } from './PayloadWriter.js';

/**
 * Fills in the defaults of {@link PackingOptions}.
 *
 * @throws RangeError unless `maxBatchBytes` is an integer from 1 to 8,388,608 and `channelsPerBatch` is known.
 * @internal
 */
export function verifyPacking(given: Partial<PackingOptions>, maxBatchBytes: number): PackingOptions {
  const packing: PackingOptions = {
    maxBatchBytes: given.maxBatchBytes ?? maxBatchBytes,
    controlInBatches: given.controlInBatches ?? false,
    channelsPerBatch: given.channelsPerBatch ?? 'many',
    unwrapSingle: given.unwrapSingle ?? true,
    overshoot: given.overshoot ?? false,
  };
  const most = 0x800000;
  if (!Number.isInteger(packing.maxBatchBytes) || packing.maxBatchBytes < 1 || packing.maxBatchBytes > most) {
    throw new RangeError(`maxBatchBytes must be an integer from 1 to ${most}`);
  }
  if (packing.channelsPerBatch !== 'many' && packing.channelsPerBatch !== 'one') {
    throw new RangeError("channelsPerBatch must be 'many' or 'one'");
  }
  return packing;
}
