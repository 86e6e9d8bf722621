import {
  asapScheduler,
  concat,
  concatMap,
  defer,
  EMPTY,
  merge,
  mergeMap,
  type ObservableInput,
  type OperatorFunction,
  type SchedulerLike,
  Subject,
  takeUntil,
  timer,
} from 'rxjs';
import { rest } from '../encoding/rest.js';
import { defaultLimits } from '../limits.js';
import type { Packet } from './Packet.js';
import { type PackingOptions, PayloadWriter } from './PayloadWriter.js';
import { verifyPacking } from './verifyPacking.js';

/** How {@link encodePackets} works. @public */
export interface EncodePacketsOptions extends Partial<PackingOptions> {
  /** Ends the turn in which packets gather; `asapScheduler`, a microtask, by default. */
  readonly scheduler?: SchedulerLike;
}

/**
 * Packets to payloads (Protomux): what arrives in one turn leaves as one payload, as far as {@link PackingOptions} allow,
 * in the order in which it arrived.
 *
 * Bytes of a packet are copied when it arrives. Each payload belongs to whoever gets it, but it may be a view of a larger
 * buffer. Completes with its source, after what is gathered left; an error of the source passes at once.
 *
 * @example
 * ```ts
 * packets.pipe(encodePackets(), encrypt(session, { crypto }), encodeFrames())
 * ```
 *
 * @public
 */
export function encodePackets(options: EncodePacketsOptions = {}): OperatorFunction<Packet, Uint8Array> {
  const { scheduler = asapScheduler, ...given } = options;
  const packing = verifyPacking(given, defaultLimits.maxBatchBytes);
  return source =>
    defer(() => {
      const turns = new Subject<void>();
      const ended = new Subject<void>();
      let ready: Uint8Array[] = [];
      const writer = new PayloadWriter({
        ...packing,
        headroom: 0,
        tailroom: 0,
        output: { payload: (buffer, start, end) => ready.push(buffer.subarray(start, end)) },
        onQueued: () => turns.next(),
      });
      const take = (): ObservableInput<Uint8Array> => {
        if (ready.length === 0) return EMPTY;
        const payloads = ready;
        ready = [];
        return payloads;
      };
      const flush = (): ObservableInput<Uint8Array> => {
        writer.flush();
        return take();
      };
      const gathered = source.pipe(
        concatMap(packet => {
          write(writer, packet);
          return take();
        }),
      );
      const last = defer(() => {
        ended.next();
        return flush();
      });
      return merge(
        turns.pipe(
          mergeMap(() => timer(0, scheduler)),
          concatMap(flush),
          takeUntil(ended),
        ),
        concat(gathered, last),
      );
    });
}

function write(writer: PayloadWriter, packet: Packet): void {
  if (packet.type === 'message') writer.message(packet.channel, packet.messageType, rest, packet.body);
  else if (packet.type === 'open') {
    writer.open(packet.channel, packet.protocol, packet.id, rest, packet.handshake);
  } else if (packet.type === 'reject') writer.reject(packet.channel);
  else writer.close(packet.channel);
  writer.release();
}
