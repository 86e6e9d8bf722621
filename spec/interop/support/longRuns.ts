/** Whether the long forms of the specs run, which take minutes: `npm run soak:backpressure`. */
export const long = process.env['SPEC_LONG'] === '1';

/** The number for a normal run, or for a long one. */
export const sized = (normal: number, forLong: number): number => (long ? forLong : normal);
