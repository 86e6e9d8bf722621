import { of } from 'rxjs';
import { hypercoreProtocol } from '../../lib/connection/hypercoreProtocol.js';
import type { WireTap } from '../../lib/connection/TappedLink.js';
import { decodeMessages } from '../../lib/messages/decodeMessages.js';
import type { Message } from '../../lib/messages/Message.js';
import { want } from '../../lib/messages/want.js';
import { decodePackets } from '../../lib/mux/decodePackets.js';
import type { Packet } from '../../lib/mux/Packet.js';
import { memoryPair } from '../../lib/transports/memoryPair.js';
import { fill } from '../helpers/bytes.js';
import { protocolPair, until } from './pair.js';

const key = fill(32, 7);

/** Keeps copies of what it is shown. */
class Recorder implements WireTap {
  readonly shown: { direction: 'in' | 'out'; payload: Uint8Array }[] = [];

  payload(direction: 'in' | 'out', payload: Uint8Array): void {
    this.shown.push({ direction, payload: payload.slice() });
  }

  of(direction: 'in' | 'out'): Uint8Array[] {
    return this.shown.filter(one => one.direction === direction).map(({ payload }) => payload);
  }
}

function packetsIn(payloads: Uint8Array[]): Packet[] {
  const packets: Packet[] = [];
  of(...payloads)
    .pipe(decodePackets())
    .subscribe(packet => packets.push(packet));
  return packets;
}

describe('WireTap', () => {
  it('is shown every payload both ways, the same at both ends', async () => {
    const [ours, theirs] = [new Recorder(), new Recorder()];
    const { a, b, subscription } = protocolPair({ tap: ours }, { tap: theirs });
    const received: Message[] = [];
    const channel = a.open(key);
    b.open(key).subscribe(message => received.push(message));
    channel.next(want({ start: 0, length: 1 }));
    channel.next(want({ start: 1, length: 1 }));
    await until(() => received.length === 2);
    expect(ours.of('out')).toEqual(theirs.of('in'));
    expect(theirs.of('out')).toEqual(ours.of('in'));
    const packets = packetsIn(ours.of('out'));
    expect(packets.map(({ type }) => type)).toEqual(['open', 'message', 'message']);
    expect(packets.map(packet => (packet.type === 'open' ? packet.protocol : ''))).toContain(
      'hypercore/alpha',
    );
    const messages: Message[] = [];
    of(...packets)
      .pipe(decodeMessages())
      .subscribe(message => messages.push(message));
    expect(messages).toEqual(received);
    subscription.unsubscribe();
  });

  it('is shown what comes in before anybody else is', async () => {
    const order: string[] = [];
    const { a, b, subscription } = protocolPair(
      {},
      { tap: { payload: direction => order.push(`tap ${direction}`) } },
    );
    const channel = a.open(key);
    b.open(key).subscribe(() => order.push('message'));
    await until(() => channel.isOpen);
    order.length = 0;
    channel.next(want({ start: 0, length: 1 }));
    await until(() => order.length > 1);
    expect(order).toEqual(['tap in', 'message']);
    subscription.unsubscribe();
  });

  it('changes nothing of how a connection ends', async () => {
    const { a, b, log, subscription } = protocolPair({ tap: new Recorder() });
    await until(() => log.length === 2);
    a.open(key);
    b.open(key);
    await until(() => log.filter(line => line.endsWith('channel')).length === 2);
    a.close();
    await until(() => log.includes('a complete') && log.includes('b complete'));
    subscription.unsubscribe();
  });

  it('ends with the connection, also if nothing was ever said', () => {
    const tap = new Recorder();
    const [link] = memoryPair();
    const protocols = of(link).pipe(hypercoreProtocol({ initiator: true, tap }));
    protocols.subscribe().unsubscribe();
    expect(tap.shown).toEqual([]);
  });
});
