import { decode } from '../../lib/encoding/decode.js';
import { encode } from '../../lib/encoding/encode.js';
import { bitfield } from '../../lib/messages/bitfield.js';
import { cancel } from '../../lib/messages/cancel.js';
import { data } from '../../lib/messages/data.js';
import { extension } from '../../lib/messages/extension.js';
import type { Message } from '../../lib/messages/Message.js';
import { noData } from '../../lib/messages/noData.js';
import { range } from '../../lib/messages/range.js';
import { request } from '../../lib/messages/request.js';
import { synchronize } from '../../lib/messages/synchronize.js';
import { unwant } from '../../lib/messages/unwant.js';
import { want } from '../../lib/messages/want.js';
import { messageCodecs, wireTypeOf } from '../../lib/messages/wireTypes.js';
import { ascii, hex } from '../helpers/bytes.js';
import { comparable } from '../helpers/marbles.js';

describe('the functions that build messages', () => {
  const built: [Message, string][] = [
    [synchronize(), '07000000'],
    [synchronize({ length: 10 }), '07000a00'],
    [
      synchronize({
        fork: 1,
        length: 2,
        remoteLength: 3,
        canUpgrade: false,
        uploading: false,
        downloading: false,
        hasManifest: true,
        allowPush: true,
      }),
      '18010203',
    ],
    [request({ id: 1, block: { index: 3, nodes: 0 } }), '0101000300'],
    [request({ id: 2, fork: 1, hash: { index: 4, nodes: 5 } }), '0202010405'],
    [cancel({ request: 300 }), 'fd2c01'],
    [data({ request: 1 }), '000100'],
    [data({ request: 1, block: { index: 3, value: ascii('a'), nodes: [] } }), '0101000301' + '61' + '00'],
    [noData({ request: 7 }), '07'],
    [noData({ request: 7, reason: 0 }), '0700'],
    [noData({ request: 7, reason: 2 }), '070102'],
    [want({ start: 0, length: 1 }), '0001'],
    [want({ start: 0, length: 1, any: true }), '000101'],
    [unwant({ start: 0, length: 32 }), '0020'],
    [bitfield({ start: 32, bitfield: new Uint32Array([1]) }), '200101000000'],
    [range({ start: 5 }), '0205'],
    [range({ start: 5, length: 2, drop: true }), '010502'],
    [extension({ name: 'chat', payload: ascii('hi') }), '04636861746869'],
  ];

  it('fill in what is not given, and what they build is read back the same', () => {
    for (const [message, wire] of built) {
      const codec = messageCodecs[wireTypeOf(message.type)];
      expect(hex(encode(codec, message)))
        .withContext(message.type)
        .toBe(wire);
      const read = decode(codec, encode(codec, message));
      expect(comparable(read)).toEqual(comparable(message));
      // One shape for each type, built or read, keeps the code that handles messages fast.
      expect(Object.keys(read)).toEqual(Object.keys(message));
    }
    expect(new Set(built.map(([message]) => message.type)).size).toBe(messageCodecs.length);
  });

  it('keep only their own fields', () => {
    const stray = { request: 1, stray: 'x' };
    expect(Object.keys(cancel(stray))).toEqual(['type', 'request']);
  });

  it('measure exactly what they write', () => {
    for (const [message] of built) {
      const codec = messageCodecs[wireTypeOf(message.type)];
      const measured = { start: 3, end: 3, buffer: null as Uint8Array | null };
      codec.preencode(measured, message);
      measured.buffer = new Uint8Array(measured.end);
      codec.encode(measured, message);
      expect(measured.start).withContext(message.type).toBe(measured.end);
    }
  });

  it('are refused under a name that is no message', () => {
    for (const type of ['reorgHint', 'constructor', 'toString', undefined]) {
      expect(() => wireTypeOf(type as 'data')).toThrowError(TypeError);
    }
  });
});
