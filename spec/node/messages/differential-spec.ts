import { encode } from '../../../lib/encoding/encode.js';
import { isHypercoreError } from '../../../lib/errors.js';
import { manifestCodec } from '../../../lib/messages/manifest.js';
import type { Message } from '../../../lib/messages/Message.js';
import { openCodec } from '../../../lib/messages/open.js';
import { hex } from '../../helpers/bytes.js';
import { comparable } from '../../helpers/marbles.js';
import { Random } from '../../helpers/random.js';
import { damage, drawManifest, draws } from '../../messages/drawMessage.js';
import {
  fits10,
  fits11,
  isMeant,
  normal,
  ourCodec,
  read,
  theirBytes,
  theirCodec,
  theirValue,
  types,
  type Version,
  versions,
} from './officialMessages.js';

for (const version of [10, 11] as Version[]) {
  describe(`messages beside hypercore ${version}'s own codecs`, () => {
    it('are written to the same bytes and read by each other', () => {
      const random = new Random(`hypercore ${version}, messages`);
      for (const type of types) {
        let compared = 0;
        while (compared < 1000) {
          const message = draws[type](random);
          if (!(version === 10 ? fits10(message) : fits11(message))) continue;
          compared++;
          const ours = encode(ourCodec(type), message);
          const theirs = theirBytes(theirCodec(version, type), theirValue(message));
          expect(hex(ours)).withContext(type).toBe(hex(theirs));
          const value = read(theirCodec(version, type), ours).value;
          expect(normal(value, version, type))
            .withContext(type)
            .toEqual(normal(theirValue(message), version, type));
        }
      }
    });

    /**
     * All differences that are meant:
     * - Hypercore 10 rounds integers above 2^53 - 1; here they are refused (`ERR_BAD_VALUE`), as in hypercore 11.
     * - Hypercore 10 ends before the flags of noData, want and unwant; here they are read, as in hypercore 11.
     * - Hypercore 10 refuses manifests of version 2 and 3; here they are read, as in hypercore 11.
     * - Hypercore 10 knows nothing of the flags 4 and 8 of a manifest; here their parts are read, as in hypercore 11.
     * - A request whose last part is a seek without padding is refused by both; here it is read, for the Rust crate.
     * - Their uint32array, read from a whole buffer as here, cannot run past its end; in a batch it would.
     */
    it('accept and refuse the same damaged bytes', () => {
      const random = new Random(`hypercore ${version}, damaged bytes`);
      const verdicts = { accepted: 0, refused: 0, different: 0 };
      for (const type of types) {
        for (let i = 0; i < 3000; i++) {
          const wire =
            i % 4 === 0
              ? random.bytes(random.integer(0, 40))
              : damage(random, encode(ourCodec(type), draws[type](random)));
          const ours = read(ourCodec(type), wire);
          const theirs = read(theirCodec(version, type), wire);
          const context = `${type} ${hex(wire)}`;
          if (ours.error !== undefined && !isHypercoreError(ours.error))
            fail(`${context}: not a typed error`);
          if (ours.error !== undefined && theirs.error !== undefined) verdicts.refused++;
          else if (ours.error === undefined && theirs.error === undefined) {
            verdicts.accepted++;
            const value = theirValue(ours.value as Message);
            if (type === 'noData' && version === 11) value['reason'] ??= 0; // they give the short form no reason
            const theirs10 = version === 10 && ['noData', 'want', 'unwant'].includes(type);
            expect(normal(value, version, type))
              .withContext(context)
              .toEqual(normal(theirs.value, version, type));
            if (!theirs10) expect(ours.consumed).withContext(context).toBe(theirs.consumed);
          } else {
            verdicts.different++;
            expect(isMeant(version, type, wire, ours.error, theirs.error))
              .withContext(context)
              .toBeTrue();
          }
        }
      }
      expect(verdicts.accepted).toBeGreaterThan(3000);
      expect(verdicts.refused).toBeGreaterThan(3000);
    });

    it('the greeting of a channel is the same', () => {
      const random = new Random(`hypercore ${version}, greetings`);
      for (let i = 0; i < 200; i++) {
        const open = { seeks: random.next() < 0.5, capability: random.bytes(32) };
        const theirs = versions[version].wire['handshake'];
        expect(hex(encode(openCodec, open))).toBe(hex(theirBytes(theirs, open)));
        expect(comparable(read(theirs, encode(openCodec, open)).value)).toEqual(comparable(open));
      }
    });

    it('a manifest is the same', () => {
      const random = new Random(`hypercore ${version}, manifests`);
      for (let i = 0; i < 1000; i++) {
        const manifest = drawManifest(random, version === 10 ? 1 : 3);
        const ours = encode(manifestCodec, manifest);
        expect(hex(ours)).toBe(hex(theirBytes(versions[version].manifest, manifest)));
        const { linked, userData, ...known } = manifest;
        const expected = version === 10 ? known : { ...known, linked, userData };
        expect(comparable(read(versions[version].manifest, ours).value)).toEqual(comparable(expected));
      }
    });
  });
}
