import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import {
  FrameTooLargeError,
  FrameTruncatedError,
  LimitExceededError,
  RemoteKeyMismatchError,
  TransportClosedError,
} from '../../lib/errors.js';
import { encodeFrame } from '../../lib/framing/encodeFrame.js';
import type { SecureOptions, SecureOutput } from '../../lib/secret/SecureOptions.js';
import { HEADROOM, SecureState, TAILROOM } from '../../lib/secret/SecureState.js';
import { ascii, concat, fill, hex, unhex } from '../helpers/bytes.js';
import { comparable } from '../helpers/marbles.js';
import {
  codeOf,
  Endpoint,
  framesOf,
  keysOf,
  optionsOf,
  other,
  remembering,
  type Role,
  thrownBy,
  wire,
} from './wire.js';

const xx = wire.conversations[0];
const ik = wire.conversations.find(conversation => conversation.pattern === 'IK')!;
const crypto = remembering(portableCrypto);

const silent: SecureOutput = {
  send: () => undefined,
  authorize: () => undefined,
  session: () => undefined,
  ready: () => undefined,
  payload: () => undefined,
};

/** A side of the recorded connection that has its session already, and the bytes of the other side from there on. */
function established(options: Partial<SecureOptions> = {}, handlers: Partial<SecureOutput> = {}) {
  const end = new Endpoint(
    { crypto, initiator: true, session: keysOf(xx, 'initiator'), ...options },
    handlers,
  );
  const [header, ...records] = framesOf(xx, 'responder').slice(1);
  return { end, header, records };
}

/** Two machines joined directly: what one sends, the other receives before `send` returns. */
function joined(a: Partial<SecureOptions> = {}, b: Partial<SecureOptions> = {}): [Endpoint, Endpoint] {
  const ends: Endpoint[] = [];
  ends.push(
    new Endpoint({ crypto, initiator: true, ...a }, { send: bytes => ends[1].state.receive(bytes) }),
    new Endpoint({ crypto, initiator: false, ...b }, { send: bytes => ends[0].state.receive(bytes) }),
  );
  ends[1].state.start();
  ends[0].state.start();
  return ends as [Endpoint, Endpoint];
}

describe('SecureState', () => {
  describe('both sides', () => {
    for (const pattern of ['XX', 'IK'] as const) {
      it(`agree in ${pattern}, even if every byte is answered within the call that sent it`, () => {
        const keyPair = crypto.keyPair(fill(32, 9));
        const [a, b] = joined(
          { pattern, remotePublicKey: keyPair.publicKey, prologue: ascii('p') },
          { pattern, keyPair, prologue: ascii('p') },
        );
        expect(a.state.phase).toBe('open');
        expect(b.state.phase).toBe('open');
        expect(hex(a.session!.handshakeHash)).toBe(hex(b.session!.handshakeHash));
        expect(hex(a.session!.publicKey)).toBe(hex(b.session!.remotePublicKey));
        expect(hex(a.session!.remotePublicKey)).toBe(hex(keyPair.publicKey));
        expect(hex(a.state.publicKey)).toBe(hex(a.session!.publicKey));
        b.state.receive(a.state.sealCopy(ascii('hello')));
        a.state.receive(b.state.sealCopy(ascii('world')));
        expect([a, b].map(end => end.received.map(hex))).toEqual([
          [hex(ascii('world'))],
          [hex(ascii('hello'))],
        ]);
      });
    }

    it('send every frame by itself', () => {
      const [a, b] = joined();
      expect(a.sent.map(frame => frame.length)).toEqual([3 + 32, 3 + 64, 3 + 56]);
      expect(b.sent.map(frame => frame.length)).toEqual([3 + 96, 3 + 56]);
    });

    it('do not agree with another prologue', () => {
      const [a, b] = [
        new Endpoint({ crypto, initiator: true, prologue: ascii('p') }),
        new Endpoint({ crypto, initiator: false, prologue: ascii('q') }),
      ];
      a.state.start();
      expect(b.run([a.sent[0]])).toBeNull();
      expect(codeOf(thrownBy(() => a.state.receive(b.sent[0])))).toBe('ERR_HANDSHAKE_FAILED');
      expect(a.sent.length).toBe(1);
    });

    it('go on from a session that was agreed elsewhere, and leave its keys to the caller', () => {
      const keys = keysOf(xx, 'initiator');
      const copy = keysOf(xx, 'initiator');
      const [a, b] = joined({ session: keys }, { session: keysOf(xx, 'responder') });
      b.state.receive(a.state.sealCopy(ascii('hello')));
      expect(b.received.map(hex)).toEqual([hex(ascii('hello'))]);
      expect(a.log.slice(0, 2)).toEqual(['send 59', 'session']);
      a.state.wipe();
      expect(comparable({ ...keys })).toEqual(comparable({ ...copy }));
    });
  });

  it('announces the session before the remote header, and seals from then on', () => {
    let sealed: Uint8Array | undefined;
    const { end, header } = established(
      {},
      {
        session: () => (sealed = end.state.sealCopy(ascii('early'))),
        ready: () => end.log.push(end.state.phase),
      },
    );
    expect(() => end.state.sealCopy(ascii('too early'))).toThrowError(TypeError);
    end.state.start();
    expect(end.state.phase).toBe('header');
    expect(sealed!.length).toBe(3 + 17 + 5);
    end.state.receive(header);
    expect(end.log).toEqual(['send 59', 'session', 'ready', 'open']);
  });

  it('receives before it is started, and consumes it then', () => {
    const { end, header, records } = established();
    end.state.receive(concat(header, ...records));
    expect(end.log).toEqual([]);
    end.state.start();
    end.state.start();
    expect(end.log).toEqual(['send 59', 'session', 'ready', 'payload 5', 'payload 3']);
  });

  it('holds an end that comes before it is started behind what it received', () => {
    const { end, header, records } = established();
    end.state.receive(concat(header, ...records));
    expect(end.state.end()).toBeNull();
    expect(codeOf(thrownBy(() => end.state.start()))).toBe('ERR_TRANSPORT_CLOSED');
    expect(end.received.length).toBe(2);
    const { end: empty } = established();
    expect(comparable(empty.state.end())).toEqual(comparable(new TransportClosedError('header')));
  });

  it('leaves what it received as it was, and hands out payloads of their own', () => {
    const { end, header, records } = established();
    const chunk = concat(header, ...records);
    const copy = chunk.slice();
    end.run([chunk]);
    expect(hex(chunk)).toBe(hex(copy));
    for (const payload of end.received) payload.fill(0);
    expect(hex(chunk)).toBe(hex(copy));
  });

  describe('sealing', () => {
    it('fills the room around the payload, and seals the same bytes with and without a copy', () => {
      const { end } = established({ crypto: { ...crypto, randomBytes: length => fill(length, 7) } });
      const { end: same } = established({ crypto: { ...crypto, randomBytes: length => fill(length, 7) } });
      end.state.start();
      same.state.start();
      for (const payload of [ascii('one'), new Uint8Array(0), fill(300, 2)]) {
        const buffer = fill(5 + HEADROOM + payload.length + TAILROOM + 9, 0xee);
        buffer.set(payload, 5 + HEADROOM);
        const frame = end.state.seal(buffer, 5 + HEADROOM, 5 + HEADROOM + payload.length);
        const copy = payload.slice();
        expect(hex(frame)).toBe(hex(same.state.sealCopy(payload)));
        expect(hex(payload)).toBe(hex(copy));
        expect(frame.buffer).toBe(buffer.buffer);
        expect(frame.byteOffset).toBe(5);
        expect(hex(buffer.subarray(0, 5))).toBe('ee'.repeat(5));
        expect(hex(buffer.subarray(-9))).toBe('ee'.repeat(9));
      }
      expect(hex(end.state.keepAlive())).toBe(hex(same.state.sealCopy(new Uint8Array(0))));
    });

    it('refuses a buffer without the room', () => {
      const { end } = established();
      end.state.start();
      const buffer = new Uint8Array(HEADROOM + 5 + TAILROOM);
      for (const [start, to] of [
        [HEADROOM - 1, HEADROOM + 4],
        [HEADROOM, HEADROOM + 6],
        [HEADROOM + 2, HEADROOM + 1],
        [NaN, HEADROOM],
        [HEADROOM, NaN],
      ]) {
        expect(() => end.state.seal(buffer, start, to)).toThrowError(RangeError);
      }
      expect(end.state.seal(buffer, HEADROOM, HEADROOM + 5).length).toBe(buffer.length);
    });

    it('refuses a payload one byte too long, and goes on', () => {
      const options = { limits: { maxFrameBytes: 17 + 10 } };
      const [a, b] = joined(options, options);
      expect(comparable(thrownBy(() => a.state.sealCopy(fill(11, 1))))).toEqual(
        comparable(new FrameTooLargeError(28, 27)),
      );
      const room = new Uint8Array(11 + HEADROOM + TAILROOM);
      expect(comparable(thrownBy(() => a.state.seal(room, HEADROOM, HEADROOM + 11)))).toEqual(
        comparable(new FrameTooLargeError(28, 27)),
      );
      b.state.receive(a.state.sealCopy(fill(10, 1)));
      expect(b.received.length).toBe(1);
    });

    it('seals no more when it has ended', () => {
      const { end } = established();
      end.state.start();
      end.state.wipe();
      expect(() => end.state.sealCopy(ascii('late'))).toThrowError(TypeError);
      expect(() => end.state.keepAlive()).toThrowError(TypeError);
    });
  });

  describe('limits on what is received', () => {
    it('a frame before the header was verified, by one', () => {
      const limits = { maxHandshakeFrameBytes: 96, maxFrameBytes: 200 };
      const responder = new Endpoint({ ...optionsOf(xx, 'responder'), limits });
      expect(comparable(responder.run([unhex('610000')]))).toEqual(
        comparable(new FrameTooLargeError(97, 96)),
      );
      const initiator = new Endpoint({ ...optionsOf(xx, 'initiator'), limits });
      expect(initiator.run(framesOf(xx, 'responder').slice(0, 1))).toBeNull();
      expect(comparable(thrownBy(() => initiator.state.receive(unhex('610000'))))).toEqual(
        comparable(new FrameTooLargeError(97, 96)),
      );
    });

    it('a frame afterwards, by one', () => {
      const { end: fits, header, records } = established({ limits: { maxFrameBytes: 22 } });
      expect(fits.run([header, records[0]])).toBeNull();
      const { end } = established({ limits: { maxFrameBytes: 21 } });
      expect(comparable(end.run([header, records[0]]))).toEqual(comparable(new FrameTooLargeError(22, 21)));
      expect(end.received.length).toBe(0);
    });

    it('bytes before it is started, by one', () => {
      const { end } = established({ limits: { maxEarlyBytes: 10 } });
      end.state.receive(new Uint8Array(10));
      expect(comparable(thrownBy(() => end.state.receive(new Uint8Array(1))))).toEqual(
        comparable(new LimitExceededError('maxEarlyBytes', 10, 11)),
      );
      expect(end.state.phase).toBe('ended');
    });

    it('bytes while the authorizer is asked, by one', () => {
      const { end } = established({ holdForAuthorizer: true, limits: { maxEarlyBytes: 10 } });
      expect(end.run([new Uint8Array(4), new Uint8Array(6)])).toBeNull();
      expect(comparable(thrownBy(() => end.state.receive(new Uint8Array(1))))).toEqual(
        comparable(new LimitExceededError('maxEarlyBytes', 10, 11)),
      );
      expect(() => end.state.accept()).not.toThrow();
      expect(end.log).toEqual(['authorize']);
    });

    it('bytes while it is paused, by one; a whole frame always has room', () => {
      for (const [limits, allowed] of [
        [{ maxEarlyBytes: 10, maxFrameBytes: 40 }, 43],
        [{ maxEarlyBytes: 60, maxFrameBytes: 40 }, 60],
      ] as const) {
        const { end, header } = established({ limits });
        end.run([header]);
        end.state.pause();
        end.state.receive(new Uint8Array(allowed));
        expect(comparable(thrownBy(() => end.state.receive(new Uint8Array(1))))).toEqual(
          comparable(new LimitExceededError('maxEarlyBytes', allowed, allowed + 1)),
        );
      }
    });
  });

  describe('the remote key', () => {
    const wrong = fill(32, 1);

    it('is compared by an initiator of XX before it says who it is', () => {
      const end = new Endpoint({ ...optionsOf(xx, 'initiator'), remotePublicKey: wrong });
      expect(comparable(end.run(framesOf(xx, 'responder')))).toEqual(
        comparable(new RemoteKeyMismatchError()),
      );
      expect(end.log).toEqual(['send 35']);
    });

    it('is compared by a responder of XX before its header', () => {
      const end = new Endpoint({ ...optionsOf(xx, 'responder'), remotePublicKey: wrong });
      expect(codeOf(end.run(framesOf(xx, 'initiator')))).toBe('ERR_REMOTE_KEY_MISMATCH');
      expect(end.log).toEqual(['send 99']);
    });

    it('is compared by a responder of IK before it answers', () => {
      const end = new Endpoint({ ...optionsOf(ik, 'responder'), remotePublicKey: wrong });
      expect(codeOf(end.run(framesOf(ik, 'initiator')))).toBe('ERR_REMOTE_KEY_MISMATCH');
      expect(end.log).toEqual([]);
    });

    it('is compared with a session that was agreed elsewhere before anything is sent', () => {
      const { end } = established({ remotePublicKey: wrong });
      expect(codeOf(end.run([]))).toBe('ERR_REMOTE_KEY_MISMATCH');
      expect(end.log).toEqual([]);
    });

    it('is accepted if it is the one', () => {
      for (const [conversation, role] of [
        [xx, 'initiator'],
        [xx, 'responder'],
        [ik, 'initiator'],
        [ik, 'responder'],
      ] as const) {
        const remotePublicKey = unhex(conversation[other(role)].staticPublicKey);
        const end = new Endpoint({ ...optionsOf(conversation, role), remotePublicKey });
        expect(end.run(framesOf(conversation, other(role)))).toBeNull();
        expect(end.state.phase).toBe('open');
      }
    });

    it('fails the handshake of IK if the initiator expects another', () => {
      const a = new Endpoint({
        ...optionsOf(ik, 'initiator'),
        remotePublicKey: unhex(xx.initiator.staticPublicKey),
      });
      a.state.start();
      const b = new Endpoint(optionsOf(ik, 'responder'));
      expect(codeOf(b.run(a.sent))).toBe('ERR_HANDSHAKE_FAILED');
    });
  });

  describe('the authorizer', () => {
    const cases: [string, typeof xx, Role, string[], string[]][] = [
      ['an initiator of XX, before message 3', xx, 'initiator', ['send 35'], ['send 67', 'send 59']],
      ['a responder of XX, before its header', xx, 'responder', ['send 99'], ['send 59']],
      ['an initiator of IK, before its header', ik, 'initiator', ['send 99'], ['send 59']],
      ['a responder of IK, before its answer', ik, 'responder', [], ['send 51', 'send 59']],
    ];
    for (const [what, conversation, role, before, after] of cases) {
      it(`stops ${what}`, () => {
        const remoteKey: string[] = [];
        const end = new Endpoint(
          { ...optionsOf(conversation, role), holdForAuthorizer: true },
          { authorize: key => remoteKey.push(hex(key)) },
        );
        end.state.accept();
        expect(end.run(framesOf(conversation, other(role)))).toBeNull();
        expect(end.state.phase).toBe('authorize');
        expect(end.log).toEqual([...before, 'authorize']);
        expect(remoteKey).toEqual([conversation[other(role)].staticPublicKey]);
        end.state.accept();
        expect(end.log.slice(before.length + 1, before.length + after.length + 2)).toEqual([
          ...after,
          'session',
        ]);
        expect(end.received.map(hex)).toEqual(conversation.received[role] as string[]);
        end.state.accept();
        expect(end.log.filter(entry => entry === 'authorize').length).toBe(1);
      });

      it(`may answer ${what.split(',')[0]} at once`, () => {
        const end = new Endpoint(
          { ...optionsOf(conversation, role), holdForAuthorizer: true },
          { authorize: () => end.state.accept() },
        );
        expect(end.run([concat(...framesOf(conversation, other(role)))])).toBeNull();
        expect(end.log.slice(0, -end.received.length)).toEqual([
          ...before,
          'authorize',
          ...after,
          'session',
          'ready',
        ]);
        expect(end.received.map(hex)).toEqual(conversation.received[role] as string[]);
      });

      it(`may give up on ${what.split(',')[0]}`, () => {
        const end = new Endpoint(
          { ...optionsOf(conversation, role), holdForAuthorizer: true },
          { authorize: () => end.state.wipe() },
        );
        expect(end.run(framesOf(conversation, other(role)))).toBeNull();
        expect(end.log).toEqual([...before, 'authorize']);
      });
    }

    it('is asked about a session that was agreed elsewhere', () => {
      const { end, header } = established({ holdForAuthorizer: true });
      expect(end.run([header])).toBeNull();
      expect(end.log).toEqual(['authorize']);
      end.state.accept();
      expect(end.log).toEqual(['authorize', 'send 59', 'session', 'ready']);
    });

    it('does not hold up the end of the transport', () => {
      const { end } = established({ holdForAuthorizer: true });
      end.state.start();
      expect(comparable(end.state.end())).toEqual(comparable(new TransportClosedError('authorize')));
    });

    it('sees a key of its own', () => {
      const options = { ...optionsOf(xx, 'responder'), holdForAuthorizer: true };
      const end = new Endpoint(options, { authorize: key => key.fill(0) });
      end.run(framesOf(xx, 'initiator'));
      end.state.accept();
      expect(hex(end.session!.remotePublicKey)).toBe(xx.initiator.staticPublicKey);
    });
  });

  describe('pausing', () => {
    it('holds payloads between two frames, and nothing else', () => {
      const { end, header, records } = established({}, { payload: () => end.state.pause() });
      end.state.pause();
      expect(end.run([concat(header, ...records)])).toBeNull();
      expect(end.log).toEqual(['send 59', 'session', 'ready']);
      expect(end.state.buffered).toBe(records[0].length + records[1].length);
      end.state.resume();
      expect(end.received.length).toBe(1);
      end.state.resume();
      expect(end.received.length).toBe(2);
      expect(end.state.buffered).toBe(0);
    });

    it('holds the end of the transport behind the payloads', () => {
      const { end, header, records } = established();
      end.run([header]);
      end.state.pause();
      end.state.receive(concat(...records));
      expect(end.state.end()).toBeNull();
      expect(end.received.length).toBe(0);
      const error = thrownBy(() => end.state.resume());
      expect(end.received.length).toBe(2);
      expect(comparable(error)).toEqual(comparable(new TransportClosedError('open')));
      expect(end.state.phase).toBe('ended');
      end.state.resume();
    });

    it('holds an end inside a frame as well', () => {
      const { end, header, records } = established();
      end.run([header]);
      end.state.pause();
      end.state.receive(concat(records[0], records[1].subarray(0, 5)));
      expect(end.state.end()).toBeNull();
      expect(comparable(thrownBy(() => end.state.resume()))).toEqual(comparable(new FrameTruncatedError(5)));
      expect(end.received.length).toBe(1);
    });

    it('tells the end at once when nothing is held', () => {
      const { end, header } = established();
      end.run([header]);
      end.state.pause();
      expect(codeOf(end.state.end())).toBe('ERR_TRANSPORT_CLOSED');
    });
  });

  describe('called from its own callbacks', () => {
    it('keeps the order of what is received meanwhile', () => {
      const { end, header, records } = established(
        {},
        {
          payload: () => {
            if (end.received.length === 1) {
              end.state.receive(records[1].subarray(0, 4));
              end.state.receive(records[1].subarray(4));
              expect(end.received.length).toBe(1);
            }
          },
        },
      );
      expect(end.run([header, records[0]])).toBeNull();
      expect(end.received.map(hex)).toEqual(xx.received.initiator as string[]);
    });

    it('delivers nothing after wipe, whichever callback calls it', () => {
      const chunk = concat(...framesOf(xx, 'responder'));
      const calls: [keyof SecureOutput, string[]][] = [
        ['send', ['send 35']],
        ['session', ['send 35', 'send 67', 'send 59', 'session']],
        ['ready', ['send 35', 'send 67', 'send 59', 'session', 'ready']],
        ['payload', ['send 35', 'send 67', 'send 59', 'session', 'ready', 'payload 5']],
      ];
      for (const [name, log] of calls) {
        const end = new Endpoint(optionsOf(xx, 'initiator'), { [name]: () => end.state.wipe() });
        expect(end.run([chunk]))
          .withContext(name)
          .toBeNull();
        expect(end.log).withContext(name).toEqual(log);
        expect(end.state.phase).toBe('ended');
      }
      // Between message 3 and the header, and at the header.
      for (const at of [2, 3]) {
        const end: Endpoint = new Endpoint(optionsOf(xx, 'initiator'), {
          send: () => end.sent.length === at && end.state.wipe(),
        });
        expect(end.run([chunk])).toBeNull();
        expect(end.log.length).toBe(at);
      }
    });

    it('is as silent without a handshake', () => {
      const end: Endpoint = new Endpoint(
        { crypto, initiator: true, handshake: false },
        { session: () => end.state.wipe() },
      );
      end.state.start();
      expect(end.log).toEqual(['session']);
    });

    it('reports an end that comes in the middle of a chunk after the rest of it', () => {
      const { end, header, records } = established({}, { payload: () => expect(end.state.end()).toBeNull() });
      expect(codeOf(end.run([concat(header, ...records)]))).toBe('ERR_TRANSPORT_CLOSED');
      expect(end.received.length).toBe(2);
    });

    it('ends with what a callback throws', () => {
      const { end, header } = established(
        {},
        {
          ready: () => {
            throw new Error('mine');
          },
        },
      );
      expect(String(end.run([header]))).toBe('Error: mine');
      expect(end.state.phase).toBe('ended');
    });
  });

  describe('ending', () => {
    it('gives back what it has not consumed', () => {
      const { end, header, records } = established({}, { payload: () => end.state.pause() });
      end.run([concat(header, ...records, unhex('0102'))]);
      expect(hex(end.state.release())).toBe(hex(concat(records[1], unhex('0102'))));
      expect(end.state.phase).toBe('ended');
      expect(hex(end.state.release())).toBe('');
    });

    it('ignores what it receives afterwards', () => {
      const { end, header } = established();
      end.run([]);
      end.state.wipe();
      end.state.receive(header);
      end.state.resume();
      end.state.start();
      end.state.accept();
      expect(end.state.buffered).toBe(0);
      expect(end.state.end()).toBeNull();
      expect(end.log).toEqual(['send 59', 'session']);
    });

    it('wipes the keys it made, in every phase', () => {
      const bytes = framesOf(xx, 'responder');
      for (let frames = 0; frames <= bytes.length; frames++) {
        const wiped: string[] = [];
        const options = optionsOf(xx, 'initiator');
        const end = new Endpoint({
          ...options,
          crypto: {
            ...options.crypto,
            wipe: secret => {
              wiped.push(hex(secret));
              secret.fill(0);
            },
          },
        });
        expect(end.run(bytes.slice(0, frames))).toBeNull();
        end.state.wipe();
        if (frames === 0) continue;
        expect(wiped).withContext(`${frames} frames`).toContain(xx.initiatorTx);
        expect(wiped).withContext(`${frames} frames`).toContain(xx.responderTx);
      }
    });

    it('wipes the ratchets', () => {
      let live = 0;
      const counted = <T extends { wipe(): void }>(ratchet: T): T => {
        live++;
        const wipe = ratchet.wipe.bind(ratchet);
        ratchet.wipe = () => {
          live--;
          wipe();
        };
        return ratchet;
      };
      const { end, header } = established({
        crypto: {
          ...crypto,
          secretStreamPush: (key, streamHeader) => counted(crypto.secretStreamPush(key, streamHeader)),
          secretStreamPull: (key, streamHeader) => counted(crypto.secretStreamPull(key, streamHeader)),
        },
      });
      end.run([header]);
      expect(live).toBe(2);
      end.state.wipe();
      expect(live).toBe(0);
    });
  });

  describe('switched off for tests', () => {
    it('without a handshake: plain payloads in frames, from the start', () => {
      const [a, b] = joined({ handshake: false }, { handshake: false });
      expect(a.log).toEqual(['session', 'ready']);
      expect(a.session).toBeNull();
      expect(a.state.publicKey.length).toBe(0);
      const frame = a.state.sealCopy(ascii('hi'));
      expect(hex(frame)).toBe('020000' + hex(ascii('hi')));
      const buffer = fill(HEADROOM + 2 + TAILROOM, 1);
      expect(hex(a.state.seal(buffer, HEADROOM, HEADROOM + 2))).toBe('0200000101');
      expect(hex(a.state.keepAlive())).toBe('000000');
      b.state.receive(concat(frame, a.state.keepAlive()));
      expect(b.received.map(hex)).toEqual([hex(ascii('hi'))]);
      b.received[0].fill(0);
      expect(hex(frame)).toBe('020000' + hex(ascii('hi')));
    });

    it('without encryption: a handshake, no header, then plain payloads', () => {
      const [a, b] = joined({ encrypted: false }, { encrypted: false });
      expect(a.log).toEqual(['send 35', 'send 67', 'session', 'ready']);
      expect(hex(a.session!.handshakeHash)).toBe(hex(b.session!.handshakeHash));
      b.state.receive(concat(a.state.keepAlive(), a.state.sealCopy(ascii('hi'))));
      expect(b.received.map(hex)).toEqual([hex(ascii('hi'))]);
    });

    it('limits plain payloads by one', () => {
      const options = { handshake: false, limits: { maxFrameBytes: 4 } };
      const [a, b] = joined(options, options);
      b.state.receive(a.state.sealCopy(fill(4, 1)));
      expect(comparable(thrownBy(() => a.state.sealCopy(fill(5, 1))))).toEqual(
        comparable(new FrameTooLargeError(5, 4)),
      );
      expect(codeOf(thrownBy(() => b.state.receive(encodeFrame(fill(5, 1)))))).toBe('ERR_FRAME_TOO_LARGE');
    });

    it('still takes an empty frame for an error during the handshake', () => {
      const end = new Endpoint({ crypto, initiator: false, encrypted: false });
      expect(codeOf(end.run([unhex('000000')]))).toBe('ERR_FRAME_EMPTY');
    });
  });

  it('refuses options that make no sense, at once', () => {
    const keys = keysOf(xx, 'initiator');
    const keyPair = crypto.keyPair(fill(32, 1));
    const wrongType: Partial<SecureOptions>[] = [
      { initiator: undefined as unknown as boolean },
      { pattern: 'IK' },
      { handshake: false, holdForAuthorizer: true },
      { handshake: false, remotePublicKey: fill(32, 1) },
      { handshake: false, session: keys },
      { session: keys, encrypted: false },
      { session: keysOf(xx, 'responder') },
      { remotePublicKey: 'key' as unknown as Uint8Array },
    ];
    const wrongRange: Partial<SecureOptions>[] = [
      { remotePublicKey: fill(31, 1) },
      { pattern: 'NN' as 'XX' },
      { keyPair: { ...keyPair, secretKey: fill(32, 1) } },
      { keyPair: { ...keyPair, publicKey: fill(33, 1) } },
      { session: { ...keys, tx: fill(31, 1) } },
      { session: { ...keys, rx: fill(33, 1) } },
      { session: { ...keys, handshakeHash: fill(32, 1) } },
      { session: { ...keys, publicKey: fill(31, 1) } },
      { session: { ...keys, remotePublicKey: fill(31, 1) } },
      { limits: { maxFrameBytes: 0 } },
    ];
    const construct = (options: Partial<SecureOptions>) => () =>
      new SecureState({ crypto, initiator: true, ...options }, silent);
    for (const options of wrongType) expect(construct(options)).toThrowError(TypeError);
    for (const options of wrongRange) expect(construct(options)).toThrowError(RangeError);
    expect(construct({})).not.toThrow();
  });
});
