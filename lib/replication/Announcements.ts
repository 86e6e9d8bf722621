import { bitfield } from '../messages/bitfield.js';
import type { Message } from '../messages/Message.js';
import { range } from '../messages/range.js';
import type { Want } from '../messages/want.js';

/** Blocks in a segment: what hypercore asks about at a time. @internal */
export const SEGMENT_BLOCKS = 2_097_152;

/** Blocks that one bitfield tells of: 8 KiB, for the Rust crate cannot receive much more. */
const BITFIELD_BLOCKS = 0x10000;

/** What is told of a log. @internal */
export interface AnnouncedLog {
  readonly length: number;
  readonly contiguousLength: number;
  has(index: number): boolean;
  words(start: number, length: number): Uint32Array;
  firstMissing(start: number, end: number): number;
}

/**
 * The answer to a want: one range where all is here, else bitfields of the window, else nothing (hypercore
 * `lib/replicator.js`, `_onwant`).
 *
 * @internal
 */
export function answerWant(log: AnnouncedLog, { start, length, any }: Want, maxMessages: number): Message[] {
  const { contiguousLength } = log;
  const end = Math.min(start + length, log.length);
  if (
    contiguousLength === log.length ||
    start + length < contiguousLength ||
    (any && start < contiguousLength)
  ) {
    return [range({ start: 0, length: contiguousLength })];
  }
  if (start >= end) return [];
  return wordsOf(log, start - (start % 32), end, maxMessages);
}

/**
 * Tells that blocks were dropped, and what is left behind them: a hypercore 10 or 11 that was told of one row of blocks takes
 * all of it behind the first gap for lost.
 *
 * @param announced - how far the remote was told that everything is here
 * @internal
 */
export function announceDrop(
  log: AnnouncedLog,
  drop: { readonly start: number; readonly length: number },
  announced: number,
  maxMessages: number,
): Message[] {
  const messages: Message[] = [range({ drop: true, start: drop.start, length: drop.length })];
  const end = Math.min(announced, log.length);
  let at = drop.start + drop.length;
  while (at < end && messages.length < maxMessages) {
    const missing = log.firstMissing(at, end);
    const upTo = missing === -1 ? end : missing;
    if (upTo > at) messages.push(range({ start: at, length: upTo - at }));
    at = upTo;
    while (at < end && !log.has(at)) at++;
  }
  if (at < end) messages.push(...wordsOf(log, at - (at % 32), end, maxMessages));
  return messages;
}

/** Bitfields of the blocks from `start` (a multiple of 32) to `end`, but none that would be empty. */
function wordsOf(log: AnnouncedLog, start: number, end: number, maxMessages: number): Message[] {
  const messages: Message[] = [];
  for (let at = start; at < end && messages.length < maxMessages;) {
    const upTo = Math.min(end, at - (at % BITFIELD_BLOCKS) + BITFIELD_BLOCKS);
    const words = log.words(at, upTo - at);
    if (words.some(word => word !== 0)) messages.push(bitfield({ start: at, bitfield: words }));
    at = upTo;
  }
  return messages;
}

/** Rows of blocks that came to be here in one turn. @internal */
export class NewBlocks {
  private rows: { start: number; end: number }[] = [];

  add(start: number, length: number): void {
    const last = this.rows[this.rows.length - 1];
    if (last !== undefined && last.end === start) last.end = start + length;
    else this.rows.push({ start, end: start + length });
  }

  /** All rows, each once; adjacent ones as one. */
  take(): readonly { readonly start: number; readonly end: number }[] {
    const { rows } = this;
    if (rows.length === 0) return rows;
    this.rows = [];
    rows.sort((a, b) => a.start - b.start);
    const joined: { start: number; end: number }[] = [];
    for (const row of rows) {
      const last = joined[joined.length - 1];
      if (last !== undefined && last.end >= row.start) last.end = Math.max(last.end, row.end);
      else joined.push(row);
    }
    return joined;
  }
}
