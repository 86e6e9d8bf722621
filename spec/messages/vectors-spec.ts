import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import type { Codec } from '../../lib/encoding/Codec.js';
import { decode } from '../../lib/encoding/decode.js';
import { encode } from '../../lib/encoding/encode.js';
import { BadValueError, isHypercoreError, OutOfBoundsError } from '../../lib/errors.js';
import type { Message } from '../../lib/messages/Message.js';
import { decodeOpen, openCodec } from '../../lib/messages/open.js';
import { HYPERCORE_ALIAS, HYPERCORE_PROTOCOL } from '../../lib/messages/protocolName.js';
import { messageCodecs, wireTypeOf } from '../../lib/messages/wireTypes.js';
import { type ByteRule, hex, unhex } from '../helpers/bytes.js';
import { comparable } from '../helpers/marbles.js';
import file10 from '../vectors/hypercore-messages-v10.json' with { type: 'json' };
import file11 from '../vectors/hypercore-messages-v11.json' with { type: 'json' };
import { messageOf, typeOf, type ValueJson } from './vectorMessages.js';

interface Entry {
  value: ValueJson;
  hex?: string;
  encoded?: { length: number; blake2b: string; first: string; last: string };
  valueRule?: ByteRule;
  decoded?: ValueJson;
}
interface Result {
  value?: ValueJson;
  consumed?: number;
  error?: string;
}
interface MessageVectors {
  protocol: string;
  aliases: string[];
  messageTypes: Record<string, number>;
  messages: Record<string, Entry[]>;
  odd: (Result & { what: string; type: string; hex: string })[];
  decodedByV10?: { type: string; hex: string; v10: Result; v11: Result }[];
}

/** Has a codec in hypercore, but no number on the wire. */
const UNBOUND = 'reorgHint';
/** Belongs to the open of the channel. */
const GREETING = 'handshake';

const codecOf = (name: string): Codec<Message> => messageCodecs[wireTypeOf(typeOf(name))];

for (const [version, file] of [
  [10, file10],
  [11, file11],
] as [number, MessageVectors][]) {
  describe(`messages of hypercore ${version}`, () => {
    it('have the numbers and the protocol names of hypercore', () => {
      expect(HYPERCORE_PROTOCOL).toBe(file.protocol);
      expect([HYPERCORE_ALIAS]).toEqual(file.aliases);
      for (const [name, number] of Object.entries(file.messageTypes)) {
        expect(wireTypeOf(typeOf(name)))
          .withContext(name)
          .toBe(number);
      }
      expect(messageCodecs.length).toBe(Object.keys(file.messageTypes).length);
    });

    for (const [name, entries] of Object.entries(file.messages)) {
      if (name === UNBOUND || name === GREETING) continue;
      it(`${name}: ${entries.length} are written and read`, () => {
        for (const { value, hex: wire, encoded, valueRule, decoded } of entries) {
          const message = messageOf(name, value, valueRule);
          const written = encode(codecOf(name), message);
          if (wire !== undefined) expect(hex(written)).toBe(wire);
          else {
            expect(written.length).toBe(encoded!.length);
            expect(hex(written.subarray(0, 32))).toBe(encoded!.first);
            expect(hex(written.subarray(-32))).toBe(encoded!.last);
            expect(hex(portableCrypto.hash(32, [written]))).toBe(encoded!.blake2b);
          }
          const read = decode(codecOf(name), written);
          expect(comparable(read)).toEqual(comparable(messageOf(name, decoded ?? value, valueRule)));
          expect(Object.keys(read)[0]).toBe('type');
        }
      });
    }

    it('greet with flags and capability', () => {
      for (const { value, hex: wire } of file.messages[GREETING]) {
        const open = { seeks: value['seeks'] as boolean, capability: unhex(value['capability'] as string) };
        expect(hex(encode(openCodec, open))).toBe(wire!);
        expect(comparable(decodeOpen(unhex(wire!)))).toEqual(comparable(open));
      }
    });

    it('are accepted and refused like hypercore does where the input is odd', () => {
      for (const { what, type, hex: wire, value, consumed, error } of file.odd) {
        const context = `${type}: ${what}`;
        if (type === GREETING) {
          const open = decodeOpen(unhex(wire));
          if (error !== undefined) expect(open).withContext(context).toBeNull();
          else {
            const expected = { ...value, capability: unhex(value!['capability'] as string) };
            expect(comparable(open)).withContext(context).toEqual(comparable(expected));
          }
          continue;
        }
        const bytes = unhex(wire);
        if (error === undefined && readsMore(version, type, bytes.length > consumed!)) {
          // What follows is a field of hypercore 11: without it the same value, with it checked below.
          bytes.fill(0, consumed);
        }
        const state = { start: 0, end: bytes.length, buffer: bytes };
        const unsafe = what === 'index above 2^53';
        if (error !== undefined || unsafe) {
          // Where hypercore finds another fault first, the bytes may be too short for their counts as well.
          const mustBe = error === 'Out of bounds' ? [OutOfBoundsError] : [BadValueError, OutOfBoundsError];
          expect(() => codecOf(type).decode(state))
            .withContext(context)
            .toThrowMatching(thrown => mustBe.some(kind => thrown instanceof kind));
          continue;
        }
        const read = codecOf(type).decode(state);
        const expected = messageOf(type, value!);
        if (read.type === 'noData' && expected.type === 'noData') {
          expect([read.request, read.reason ?? 0])
            .withContext(context)
            .toEqual([expected.request, expected.reason ?? 0]);
        } else {
          expect(comparable(read)).withContext(context).toEqual(comparable(expected));
          if (version === 11) expect(state.start).withContext(context).toBe(consumed!);
        }
      }
    });
  });
}

/** Where hypercore 10 ignores bytes that hypercore 11 reads. */
function readsMore(version: number, type: string, trailing: boolean): boolean {
  return version === 10 && trailing && ['noData', 'want', 'unwant'].includes(type);
}

describe('messages that the versions read differently', () => {
  it('are read as hypercore 11 reads them', () => {
    const differing = (file11 as MessageVectors).decodedByV10!.filter(({ type }) => type !== UNBOUND);
    expect(differing.length).toBeGreaterThan(10);
    for (const { type, hex: wire, v11 } of differing) {
      const read = decode(codecOf(type), unhex(wire));
      expect(comparable(read))
        .withContext(`${type} ${wire}`)
        .toEqual(comparable(messageOf(type, v11.value!)));
    }
  });

  it('noData keeps its form: short, without a reason, with one', () => {
    const forms: [string, number | null][] = [
      ['07', null],
      ['0700', 0],
      ['070102', 2],
    ];
    for (const [wire, reason] of forms) {
      const read = decode(codecOf('noData'), unhex(wire));
      expect(read).toEqual({ type: 'noData', request: 7, reason });
      expect(hex(encode(codecOf('noData'), read))).toBe(wire);
    }
  });

  it('flags that are cut or too large are refused where only hypercore 11 reads them', () => {
    for (const [type, wire] of [
      ['noData', '07ffff'],
      ['want', '0001ffff'],
      ['unwant', '0001fd'],
      ['noData', '0701'],
    ]) {
      expect(() => decode(codecOf(type), unhex(wire))).toThrowError(OutOfBoundsError);
    }
    try {
      decode(codecOf('want'), unhex('0001ffffffffffffffffff'));
      fail('accepted');
    } catch (error) {
      expect(isHypercoreError(error) && error.code).toBe('ERR_BAD_VALUE');
    }
  });
});
