/** Whether the long forms of the specs run, which take minutes: `SPEC_LONG=1 npm run spec -- <file>`. */
export const long = process.env['SPEC_LONG'] === '1';

/** The number for a normal run, or for a long one. */
export const sized = (normal: number, forLong: number): number => (long ? forLong : normal);
