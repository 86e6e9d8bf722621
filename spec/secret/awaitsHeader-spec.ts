import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import { concat } from '../helpers/bytes.js';
import { Endpoint, framesOf, keysOf, wire } from './wire.js';

const xx = wire.conversations[0];
const crypto = portableCrypto;

describe('SecureState, awaiting the header', () => {
  it('sends its own header at once, and tells of the session only with that of the remote', () => {
    const session = keysOf(xx, 'initiator');
    const end = new Endpoint({ crypto, initiator: true, session, awaitsHeader: true });
    const [header, ...records] = framesOf(xx, 'responder').slice(1);
    end.state.start();
    expect(end.log).toEqual(['send 59']);
    expect(end.state.phase).toBe('header');
    end.state.receive(concat(header, ...records));
    expect(end.log.slice(0, 3)).toEqual(['send 59', 'session', 'ready']);
    expect(end.received.length).toBe(records.length);
  });

  it('holds for both roles of a whole handshake', () => {
    const ends: Endpoint[] = [];
    for (const initiator of [true, false]) {
      const remote = initiator ? 1 : 0;
      ends.push(
        new Endpoint(
          { crypto, initiator, awaitsHeader: true },
          { send: bytes => ends[remote].state.receive(bytes) },
        ),
      );
    }
    ends[1].state.start();
    ends[0].state.start();
    for (const { log, state } of ends) {
      expect(log.slice(-2)).toEqual(['session', 'ready']);
      expect(state.phase).toBe('open');
    }
    ends[0].state.receive(ends[1].state.sealCopy(Uint8Array.of(1)));
    expect(ends[0].received).toEqual([Uint8Array.of(1)]);
  });

  it('is not ready if its owner gives up when told of the session', () => {
    const session = keysOf(xx, 'initiator');
    const end: Endpoint = new Endpoint(
      { crypto, initiator: true, session, awaitsHeader: true },
      { session: () => end.state.wipe() },
    );
    end.state.start();
    end.state.receive(framesOf(xx, 'responder')[1]);
    expect(end.log).toEqual(['send 59', 'session']);
  });
});
