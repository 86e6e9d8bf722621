import { map, of, Subject, take } from 'rxjs';
import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import { DecryptFailedError, FrameEmptyError, StreamHeaderError } from '../../lib/errors.js';
import { decodeFrames } from '../../lib/framing/decodeFrames.js';
import { encodeFrames } from '../../lib/framing/encodeFrames.js';
import { decrypt } from '../../lib/secret/decrypt.js';
import { encrypt } from '../../lib/secret/encrypt.js';
import { concat, fill, hex, unhex } from '../helpers/bytes.js';
import { marbles } from '../helpers/marbles.js';
import { Random } from '../helpers/random.js';
import { codeOf, framesOf, keysOf, other, type Role, wire } from './wire.js';

const crypto = portableCrypto;
const first = wire.conversations[0];
const keys = keysOf(first, 'responder');
const [header, A, B, C] = framesOf(first, 'initiator')
  .slice(2)
  .map(frame => frame.subarray(3));
const [a, b, c] = first.received.responder.map(payload => unhex(payload as string));
const bodies = { h: header, A, B, C, '0': new Uint8Array(0), s: A.subarray(0, 16), x: altered(A, 9) };
const payloads = { a, b, c };
const failed = new DecryptFailedError();

describe('decrypt', () => {
  for (const conversation of wire.conversations) {
    for (const role of ['initiator', 'responder'] as Role[]) {
      it(`reads what was recorded: ${conversation.what} (${conversation.pattern}), ${role}`, () => {
        const sent = conversation.frames.filter(f => f.from === other(role) && f.kind !== 'handshake');
        const readable = sent.filter(frame => frame.frame !== undefined);
        if (readable.length < sent.length) return expect(sent.length).toBeGreaterThan(readable.length);
        const received: string[] = [];
        of(concat(...sent.map(frame => unhex(frame.frame!))))
          .pipe(decodeFrames(), decrypt(keysOf(conversation, role), { crypto }))
          .subscribe(payload => received.push(hex(payload)));
        expect(received).toEqual(conversation.received[role].filter(payload => payload !== '') as string[]);
      });
    }
  }

  it('in marbles', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      for (const [source, result, subscription, error] of [
        ['h-A-(BC)-|', '--a-(bc)-|', '^--------!'],
        ['|', '          |', '         (^!)'],
        ['h|', '         -|', '         ^!'],
        ['h--', '        ---', '        ^--'],
        ['-#', '         -#', '         ^!', 'down'],
        ['hA#', '        -a#', '        ^-!', 'down'],
        ['hx', '         -#', '         ^!', failed],
        ['hB', '         -#', '         ^!', failed],
        ['hAA', '        -a#', '        ^-!', failed],
        ['hs', '         -#', '         ^!', failed],
        ['h0', '         -#', '         ^!', new FrameEmptyError()],
        ['0', '          #', '          (^!)', new FrameEmptyError()],
        ['A', '          #', '          (^!)', new StreamHeaderError('22 bytes instead of 56')],
      ] as const) {
        const input = cold(source, bodies, 'down');
        expectObservable(input.pipe(decrypt(keys, { crypto }))).toBe(result.trim(), payloads, error);
        expectSubscriptions(input.subscriptions).toBe(subscription.trim());
      }
      const left = cold('h-A-B-C', bodies);
      expectObservable(left.pipe(decrypt(keys, { crypto })), '---!').toBe('--a', payloads);
      expectSubscriptions(left.subscriptions).toBe('^--!');
    });
  });

  it('a synchronous source stops with take(1)', () => {
    let pulled = 0;
    const received: string[] = [];
    of(header, A, B, C)
      .pipe(
        map(body => (pulled++, body)),
        decrypt(keys, { crypto }),
        take(1),
      )
      .subscribe(payload => received.push(hex(payload)));
    expect(received).toEqual([hex(a)]);
    expect(pulled).toBe(2);
  });

  it('a source that answers what it is given keeps its place', () => {
    const source = new Subject<Uint8Array>();
    const received: string[] = [];
    source.pipe(decrypt(keys, { crypto })).subscribe(payload => {
      if (received.length === 0) {
        source.next(B);
        source.next(C);
      }
      received.push(hex(payload));
    });
    source.next(header);
    source.next(A);
    expect(received).toEqual([a, b, c].map(hex));
  });

  it('two subscriptions share no state', () => {
    const received: string[][] = [[], []];
    const decrypted = of(header, A, B).pipe(decrypt(keys, { crypto }));
    for (const list of received) decrypted.subscribe(payload => list.push(hex(payload)));
    expect(received).toEqual([
      [hex(a), hex(b)],
      [hex(a), hex(b)],
    ]);
  });

  it('knows the direction: refuses a stream of its own side, and of another session', () => {
    for (const wrong of [keysOf(first, 'initiator'), keysOf(wire.conversations[1], 'responder')]) {
      let code = '';
      of(header, A)
        .pipe(decrypt(wrong, { crypto }))
        .subscribe({ error: error => (code = codeOf(error)) });
      expect(code).toBe('ERR_STREAM_HEADER');
    }
  });

  it('swallows keep-alives', () => {
    const received: string[] = [];
    of(new Uint8Array(0), a, new Uint8Array(0), b)
      .pipe(encrypt(keysOf(first, 'initiator'), { crypto }), decrypt(keys, { crypto }))
      .subscribe(payload => received.push(hex(payload)));
    expect(received).toEqual([hex(a), hex(b)]);
  });

  it('reads in any cut what encrypt wrote', () => {
    const random = new Random('encrypt and decrypt');
    const sent = Array.from({ length: 60 }, () =>
      random.bytes(random.integer(1, random.pick([20, 300, 3000]))),
    );
    const written: Uint8Array[] = [];
    of(...sent)
      .pipe(encrypt(keysOf(first, 'initiator'), { crypto }), encodeFrames())
      .subscribe(frame => written.push(frame));
    const bytes = concat(...written);
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += chunks.at(-1)!.length) {
      chunks.push(bytes.subarray(at, at + random.integer(1, 700)));
    }
    const received: string[] = [];
    of(...chunks)
      .pipe(decodeFrames(), decrypt(keys, { crypto }))
      .subscribe(payload => received.push(hex(payload)));
    expect(received).toEqual(sent.map(hex));
  });

  it('reads its bodies only, and hands out arrays of their own', () => {
    const body = A.slice();
    of(header, body)
      .pipe(decrypt(keys, { crypto }))
      .subscribe(payload => payload.fill(0));
    expect(hex(body)).toBe(hex(A));
  });

  it('refuses keys of a wrong length at once', () => {
    expect(() => decrypt({ ...keys, rx: fill(31, 1) }, { crypto })).toThrowError(RangeError);
  });
});

function altered(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] ^= 1;
  return copy;
}
