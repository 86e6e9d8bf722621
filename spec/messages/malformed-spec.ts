import type { Codec } from '../../lib/encoding/Codec.js';
import { decode } from '../../lib/encoding/decode.js';
import { encode } from '../../lib/encoding/encode.js';
import { BadValueError, LimitExceededError, OutOfBoundsError } from '../../lib/errors.js';
import { verifyLimits } from '../../lib/limits.js';
import { manifestCodec } from '../../lib/messages/manifest.js';
import type { Message, MessageType } from '../../lib/messages/Message.js';
import { decodeOpen, openCodec } from '../../lib/messages/open.js';
import { messageCodecs, wireTypeOf } from '../../lib/messages/wireTypes.js';
import { concat, fill, hex, unhex } from '../helpers/bytes.js';
import { comparable } from '../helpers/marbles.js';
import { Random } from '../helpers/random.js';
import file10 from '../vectors/hypercore-messages-v10.json' with { type: 'json' };
import file11 from '../vectors/hypercore-messages-v11.json' with { type: 'json' };
import { damage, draws } from './drawMessage.js';
import { typeOf } from './vectorMessages.js';

const codecOf = (type: MessageType): Codec<Message> => messageCodecs[wireTypeOf(type)];
const decoders = [...messageCodecs, manifestCodec, openCodec] as Codec<unknown>[];

/** Whether the codec took the bytes; anything but a typed refusal fails the spec. */
function accepts(codec: Codec<unknown>, wire: Uint8Array, context: string): boolean {
  try {
    decode(codec, wire);
    return true;
  } catch (error) {
    const known = [OutOfBoundsError, BadValueError, LimitExceededError].some(kind => error instanceof kind);
    if (!known) fail(`${context}: ${String(error)}`);
    return false;
  }
}

describe('malformed messages', () => {
  it('cut anywhere, every message of the vectors is refused with a typed error or was whole before', () => {
    const files = [file10, file11] as { messages: Record<string, { hex?: string }[]> }[];
    let refused = 0;
    for (const { messages } of files) {
      for (const [name, entries] of Object.entries(messages)) {
        if (name === 'reorgHint') continue;
        const codec = name === 'handshake' ? openCodec : codecOf(typeOf(name));
        for (const { hex: wire = '' } of entries) {
          const whole = unhex(wire);
          for (let end = 0; end < whole.length; end++) {
            if (!accepts(codec, whole.subarray(0, end), `${name} ${wire} cut at ${end}`)) refused++;
            else {
              // Only messages with an end of their own choosing may be shorter and still whole.
              const open = ['want', 'unwant', 'noData', 'extension', 'request'].includes(name);
              expect(open).withContext(`${name} ${wire} cut at ${end}`).toBeTrue();
            }
          }
        }
      }
    }
    expect(refused).toBeGreaterThan(10_000);
  });

  it('a request may be cut in one place only: before the padding of a seek that is last', () => {
    const random = new Random('cut requests');
    for (let i = 0; i < 300; i++) {
      const message = draws.request(random);
      if (message.type !== 'request') continue;
      const wire = encode(codecOf('request'), message);
      const seekIsLast = message.seek !== null && message.upgrade === null && message.priority === 0;
      for (let end = 0; end < wire.length; end++) {
        const cut = wire.subarray(0, end);
        if (!accepts(codecOf('request'), cut, hex(cut))) continue;
        expect(seekIsLast).withContext(hex(wire)).toBeTrue();
        const withZero = decode(codecOf('request'), concat(cut, Uint8Array.of(0)));
        expect(decode(codecOf('request'), cut)).toEqual(withZero);
      }
    }
  });

  it('100,000 random byte strings are only ever refused with a typed error', () => {
    const random = new Random('random bytes');
    let accepted = 0;
    for (let i = 0; i < 100_000; i++) {
      const codec = decoders[i % decoders.length];
      const wire = random.bytes(random.integer(0, 48));
      if (i % 3 !== 0 && wire.length > 0) wire[0] &= 0x3f;
      if (accepts(codec, wire, hex(wire))) accepted++;
      decodeOpen(wire);
    }
    expect(accepted).toBeGreaterThan(10_000);
  });

  it('damaged messages are only ever refused with a typed error, and sound ones survive', () => {
    const random = new Random('damaged messages');
    for (const [type, draw] of Object.entries(draws) as [MessageType, (random: Random) => Message][]) {
      for (let i = 0; i < 2000; i++) {
        const message = draw(random);
        const wire = encode(codecOf(type), message);
        expect(comparable(decode(codecOf(type), wire))).toEqual(comparable(message));
        const damaged = damage(random, wire);
        accepts(codecOf(type), damaged, `${type} ${hex(damaged)}`);
      }
    }
  });

  it('a count that lies reserves nothing: it is refused before the first item', () => {
    const lies: [MessageType, string][] = [
      ['data', '01 0100 06 00 fe00001000'], // a million nodes of a block
      ['data', '01 0100 06 ffffffffffffff1f00'], // a block of 8 PiB
      ['data', '02 0100 06 fe00001000'],
      ['data', '08 0100 00 01 00 fe00001000'],
      ['data', '08 0100 00 01 00 00 feffffff7f'], // a signature of 2 GiB
      ['data', '10 0100 01 00 00 01 fe00001000'], // a million signers
      ['bitfield', '00 fe00000040'], // four billion bytes of bits
      ['bitfield', '00 ffffffffffffff1f00'],
    ];
    for (const [type, wire] of lies) {
      expect(() => decode(codecOf(type), concat(unhex(wire), fill(33, 0))))
        .withContext(`${type} ${wire}`)
        .toThrowError(OutOfBoundsError);
    }
  });

  it('one node, word or signer more than its limit is refused, however many there are', () => {
    const nodes = (count: number): Uint8Array => {
      const head = unhex(`02010006fe${hex(Uint8Array.of(count, count >> 8, count >> 16, count >> 24))}`);
      return concat(head, new Uint8Array(34 * count));
    };
    expect(decode(codecOf('data'), nodes(1024))).toBeDefined();
    expect(() => decode(codecOf('data'), nodes(1025))).toThrow(
      new LimitExceededError('maxNodes', 1024, 1025),
    );
    expect(() => decode(codecOf('data'), nodes(0x100001))).toThrowError(LimitExceededError);

    const words = (count: number): Uint8Array =>
      concat(
        unhex(`00fe${hex(Uint8Array.of(count, count >> 8, count >> 16, count >> 24))}`),
        new Uint8Array(4 * count),
      );
    expect(decode(codecOf('bitfield'), words(0x10000))).toBeDefined();
    expect(() => decode(codecOf('bitfield'), words(0x10001))).toThrow(
      new LimitExceededError('maxBitfieldWords', 0x10000, 0x10001),
    );

    const signers = (count: number): Uint8Array =>
      concat(unhex(`01000001fd${hex(Uint8Array.of(count, count >> 8))}`), new Uint8Array(65 * count));
    expect(decode(manifestCodec, signers(1024)).signers.length).toBe(1024);
    expect(() => decode(manifestCodec, signers(1025))).toThrow(
      new LimitExceededError('maxManifestEntries', 1024, 1025),
    );
  });

  it('a cursor brings the limits of its connection along', () => {
    const buffer = unhex(`02010006${'02'}${'00'.repeat(68)}`);
    const cursor = (maxNodes: number) => ({
      start: 0,
      end: buffer.length,
      buffer,
      limits: verifyLimits({ maxNodes }),
    });
    expect(codecOf('data').decode(cursor(2)).type).toBe('data');
    expect(() => codecOf('data').decode(cursor(1))).toThrow(new LimitExceededError('maxNodes', 1, 2));
  });
});
