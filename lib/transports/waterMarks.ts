/** When a sender should wait, in bytes. @public */
export interface WaterMarks {
  /** Bytes waiting to leave at which `writable` turns false; 1,048,576 by default. */
  readonly highWaterMarkBytes?: number;
  /** Bytes waiting to leave at which it turns true again; a quarter of `highWaterMarkBytes` by default. */
  readonly lowWaterMarkBytes?: number;
}

/** @throws RangeError for marks that make no sense. @internal */
export function verifyWaterMarks(given: WaterMarks): Required<WaterMarks> {
  const { highWaterMarkBytes = 0x100000 } = given;
  verifySize('highWaterMarkBytes', highWaterMarkBytes);
  const { lowWaterMarkBytes = Math.floor(highWaterMarkBytes / 4) } = given;
  if (!(lowWaterMarkBytes >= 0 && lowWaterMarkBytes < highWaterMarkBytes))
    throw new RangeError('lowWaterMarkBytes must be from 0 to less than highWaterMarkBytes');
  return { highWaterMarkBytes, lowWaterMarkBytes };
}

/** @throws RangeError if a size is not a positive integer. @internal */
export function verifySize(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`${name} must be a positive integer`);
  return value;
}
