import { map, merge, NEVER, of, Subject, take } from 'rxjs';
import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import { FrameTooLargeError } from '../../lib/errors.js';
import { decodeFrames } from '../../lib/framing/decodeFrames.js';
import { encrypt } from '../../lib/secret/encrypt.js';
import { concat, fill, hex, unhex } from '../helpers/bytes.js';
import { marbles } from '../helpers/marbles.js';
import { keysOf, plaintextOf, recorded, type Role, wire } from './wire.js';

const crypto = portableCrypto;
const first = wire.conversations[0];
const keys = keysOf(first, 'initiator');
const header = unhex(first.initiatorHeader);

/** Frames without their length prefix. */
const bodies = first.frames
  .filter(frame => frame.from === 'initiator')
  .map(frame => unhex(frame.frame!).subarray(3));
const [ownHeader, recordA, recordB, recordC] = bodies.slice(2);
const [a, b, c] = first.frames.filter(f => f.from === 'initiator' && f.kind === 'message').map(plaintextOf);
const given = { a, b, c };
const expected = { h: ownHeader, A: recordA, B: recordB, C: recordC };

describe('encrypt', () => {
  for (const conversation of wire.conversations) {
    for (const role of ['initiator', 'responder'] as Role[]) {
      it(`writes what was recorded: ${conversation.what} (${conversation.pattern}), ${role}`, () => {
        const own = conversation.frames.filter(frame => frame.from === role && frame.kind !== 'handshake');
        const written: Uint8Array[] = [];
        of(...own.slice(1).map(plaintextOf))
          .pipe(encrypt(keysOf(conversation, role), { crypto, header: unhex(conversation[`${role}Header`]) }))
          .subscribe(body => written.push(body));
        const like = own.map(frame => frame.frame ?? frame.frameDigest!);
        expect(written.map((body, i) => recorded(framed(body), like[i]))).toEqual(like);
      });
    }
  }

  it('in marbles', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      for (const [source, result, subscription] of [
        ['-a--(bc)-|', 'hA--(BC)-|', '^--------!'],
        ['|', '(h|)', '(^!)'],
        ['---', 'h--', '^--'],
        ['-a-#', 'hA-#', '^--!'],
      ]) {
        const payloads = cold(source, given, 'down');
        expectObservable(payloads.pipe(encrypt(keys, { crypto, header }))).toBe(result, expected, 'down');
        expectSubscriptions(payloads.subscriptions).toBe(subscription);
      }
      const left = cold('-a-b-c', given);
      expectObservable(left.pipe(encrypt(keys, { crypto, header })), '--!').toBe('hA', expected);
      expectSubscriptions(left.subscriptions).toBe('^-!');
    });
  });

  it('a synchronous source comes behind the header, and stops with take', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const payloads = cold('(abc)', given);
      expectObservable(payloads.pipe(encrypt(keys, { crypto, header }), take(2))).toBe('(hA|)', expected);
      expectSubscriptions(payloads.subscriptions).toBe('(^!)');
      let pulled = 0;
      const counted = of(a, b, c).pipe(map(payload => (pulled++, payload)));
      counted.pipe(encrypt(keys, { crypto, header }), take(2)).subscribe();
      expect(pulled).toBe(1);
    });
  });

  it('a source that answers what it is given keeps its place', () => {
    const payloads = new Subject<Uint8Array>();
    const written: string[] = [];
    payloads.pipe(encrypt(keys, { crypto, header })).subscribe(body => {
      written.push(hex(body));
      const next = [a, b, c][written.length - 1];
      if (next !== undefined) payloads.next(next);
    });
    expect(written).toEqual([ownHeader, recordA, recordB, recordC].map(hex));
  });

  it('two subscriptions share no state, and take a header of their own', () => {
    const written: string[][] = [[], []];
    const payloads = merge(of(a, b), NEVER).pipe(encrypt(keys, { crypto, header }));
    for (const list of written) payloads.subscribe(body => list.push(hex(body)));
    expect(written[0]).toEqual(written[1]);
    const random: string[] = [];
    const own = of(a).pipe(encrypt(keys, { crypto }));
    for (let i = 0; i < 2; i++) own.pipe(take(1)).subscribe(body => random.push(hex(body)));
    expect(random[0].slice(0, 64)).toBe(random[1].slice(0, 64));
    expect(random[0]).not.toBe(random[1]);
  });

  it('reads its payloads only, and leaves the keys alone', () => {
    const payload = fill(20, 7);
    const used = keysOf(first, 'initiator');
    of(payload).pipe(encrypt(used, { crypto })).subscribe();
    expect(hex(payload)).toBe(hex(fill(20, 7)));
    expect(hex(used.tx)).toBe(first.initiatorTx);
  });

  it('refuses a payload one byte too long', () => {
    const { largestPlaintext } = wire.largestMessage;
    expect(largestPlaintext + 17).toBe(0xffffff);
    const zeros = new Uint8Array(largestPlaintext + 1);
    // Without a cipher, which would take its time over so much.
    const still = {
      ...crypto,
      secretStreamPush: () => ({ seal: () => undefined, rekey: () => undefined, wipe: () => undefined }),
    };
    const told: unknown[] = [];
    of(zeros.subarray(1), zeros)
      .pipe(encrypt(keys, { crypto: still }))
      .subscribe({ next: body => told.push(body.length), error: error => told.push(error) });
    expect(told.slice(0, 2)).toEqual([56, 0xffffff]);
    expect(told[2]).toBeInstanceOf(FrameTooLargeError);
    expect(told[2]).toEqual(jasmine.objectContaining({ length: 0x1000000, limit: 0xffffff }));
  });

  it('wipes its state however it ends', () => {
    let wiped = 0;
    const watched = {
      ...crypto,
      secretStreamPush: (key: Uint8Array, streamHeader: Uint8Array) => {
        const push = crypto.secretStreamPush(key, streamHeader);
        return { ...push, seal: push.seal.bind(push), rekey: () => undefined, wipe: () => void wiped++ };
      },
    };
    of(a)
      .pipe(encrypt(keys, { crypto: watched }))
      .subscribe();
    NEVER.pipe(encrypt(keys, { crypto: watched }))
      .subscribe()
      .unsubscribe();
    expect(wiped).toBe(2);
  });

  it('refuses keys of a wrong length at once', () => {
    for (const wrong of [{ tx: fill(31, 1) }, { rx: fill(33, 1) }, { handshakeHash: fill(32, 1) }]) {
      expect(() => encrypt({ ...keys, ...wrong }, { crypto })).toThrowError(RangeError);
    }
    expect(() => encrypt(keys, { crypto, header: fill(23, 1) })).toThrowError(RangeError);
  });
});

/** As the vectors have it, with the length in front; {@link decodeFrames} is what takes it off again. */
function framed(body: Uint8Array): Uint8Array {
  const frame = concat(new Uint8Array([body.length, body.length >> 8, body.length >> 16]), body);
  of(frame)
    .pipe(decodeFrames())
    .subscribe(decoded => expect(decoded.length).toBe(body.length));
  return frame;
}
