/**
 * The "message types" of channel 0, the control session (Protomux). Numbers above are ignored on receipt.
 */
export const BATCH = 0;
export const OPEN = 1;
export const REJECT = 2;
export const CLOSE = 3;
