import type { Bitfield } from './bitfield.js';
import type { Cancel } from './cancel.js';
import type { Data } from './data.js';
import type { Extension } from './extension.js';
import type { NoData } from './noData.js';
import type { Range } from './range.js';
import type { Request } from './request.js';
import type { Synchronize } from './synchronize.js';
import type { Unwant } from './unwant.js';
import type { Want } from './want.js';

/**
 * Everything two peers say to each other on the channel of a hypercore, told apart by `type`.
 *
 * The fields are those of hypercore 10 and 11 together. A part that is absent is `null`, never missing, and each kind has a
 * function of the same name that builds one: `want({ start: 0, length: 1 })`.
 *
 * @public
 */
export type Message =
  Synchronize | Request | Cancel | Data | NoData | Want | Unwant | Bitfield | Range | Extension;

/** The kinds of {@link Message}. @public */
export type MessageType = Message['type'];
