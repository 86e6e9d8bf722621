import { concat, concatMap, type ObservableInput, type OperatorFunction, throwError } from 'rxjs';
import { verifyLimits } from '../limits.js';
import { copyOf } from './EarlyMessages.js';
import type { Packet } from './Packet.js';
import { type BatchLimits, type PacketSink, readPayload } from './PayloadReader.js';

/**
 * Payloads to packets, batches taken apart (Protomux). It keeps no channel tables: ids are as the remote wrote them.
 *
 * Bodies are views of the payload, ids and handshakes are copies. Completes with its source. Fails with
 * `ERR_OUT_OF_BOUNDS`, `ERR_BAD_VALUE`, `ERR_MUX_BATCH` or `ERR_LIMIT_EXCEEDED` (`maxBatchItems`, `maxBatchDepth`, `maxNameBytes`) on a
 * malformed payload, after the packets before the fault.
 *
 * @example
 * ```ts
 * payloads.pipe(decodePackets()).subscribe(packet => console.log(packet.type, packet.channel));
 * ```
 *
 * @public
 */
export function decodePackets(options: Partial<BatchLimits> = {}): OperatorFunction<Uint8Array, Packet> {
  const limits = verifyLimits(options);
  return concatMap(payload => packetsOf(payload, limits));
}

function packetsOf(payload: Uint8Array, limits: BatchLimits): ObservableInput<Packet> {
  const packets: Packet[] = [];
  const sink: PacketSink = {
    open: (channel, protocol, id, buffer, start, end) =>
      packets.push({
        type: 'open',
        channel,
        protocol,
        id: id === null ? null : id.slice(),
        handshake: copyOf(buffer, start, end),
      }),
    reject: channel => packets.push({ type: 'reject', channel }),
    close: channel => packets.push({ type: 'close', channel }),
    message: (channel, messageType, buffer, start, end) => {
      const body = new Uint8Array(buffer.buffer, buffer.byteOffset + start, end - start);
      packets.push({ type: 'message', channel, messageType, body });
    },
  };
  try {
    readPayload(payload, sink, limits);
  } catch (error) {
    return concat(
      packets,
      throwError(() => error),
    );
  }
  return packets;
}
