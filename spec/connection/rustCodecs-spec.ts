import { rustCodecs } from '../../lib/connection/rustCodecs.js';
import { rustPeer06, rustPeer07 } from '../../lib/connection/rustPeer.js';
import { decode } from '../../lib/encoding/decode.js';
import { encode } from '../../lib/encoding/encode.js';
import { data } from '../../lib/messages/data.js';
import { extension } from '../../lib/messages/extension.js';
import type { Message } from '../../lib/messages/Message.js';
import { noData } from '../../lib/messages/noData.js';
import { request } from '../../lib/messages/request.js';
import { synchronize } from '../../lib/messages/synchronize.js';
import { unwant } from '../../lib/messages/unwant.js';
import { want } from '../../lib/messages/want.js';
import { messageCodecs, wireTypeOf } from '../../lib/messages/wireTypes.js';
import { ascii, fill, hex, unhex } from '../helpers/bytes.js';
import { comparable } from '../helpers/marbles.js';

describe('rustCodecs', () => {
  for (const profile of [rustPeer06, rustPeer07]) {
    describe(profile.dialect, () => {
      const codecs = rustCodecs(profile);
      const bytesOf = (message: Message): string => hex(encode(codecs[wireTypeOf(message.type)], message));
      const read = (type: Message['type'], bytes: string): Message =>
        decode(codecs[wireTypeOf(type)], unhex(bytes));

      it('has a codec for each message', () => {
        expect(codecs.length).toBe(messageCodecs.length);
      });

      it('leaves out what the crate would take for another message', () => {
        expect(bytesOf(noData({ request: 7, reason: 2 }))).toBe('07');
        expect(bytesOf(want({ start: 0, length: 32, any: true }))).toBe('0020');
        expect(bytesOf(unwant({ start: 0, length: 32, any: true }))).toBe('0020');
        const signer = { signature: 'ed25519', namespace: fill(32, 1), publicKey: fill(32, 2) } as const;
        const manifest = {
          version: 1,
          hash: 'blake2b',
          allowPatch: false,
          quorum: 1,
          signers: [signer],
          prologue: null,
          linked: null,
          userData: null,
        } as const;
        expect(bytesOf(data({ request: 1, manifest }))).toBe('000100');
      });

      it('writes and reads a request without the padding of a seek', () => {
        const all = request({
          id: 1,
          block: { index: 3, nodes: 2 },
          hash: { index: 4, nodes: 5 },
          seek: { bytes: 300, padding: 8 },
          upgrade: { start: 0, length: 10 },
          manifest: true,
          priority: 1,
        });
        expect(bytesOf(all)).toBe('3f010003020405fd2c01000a01');
        expect(read('request', '3f010003020405fd2c01000a01')).toEqual({
          ...all,
          seek: { bytes: 300, padding: 0 },
        });
        for (const parts of [
          {},
          { block: all.block },
          { hash: all.hash },
          { upgrade: all.upgrade },
          { seek: { bytes: 1, padding: 0 } },
        ]) {
          const some = request({ id: 2, ...parts });
          expect(read('request', bytesOf(some))).toEqual(some);
        }
      });

      it('writes and reads everything else as usual', () => {
        for (const message of [synchronize({ length: 3, hasManifest: true }), data({ request: 1 })]) {
          const usual = hex(encode(messageCodecs[wireTypeOf(message.type)], message));
          expect(bytesOf(message)).toBe(usual);
          expect(comparable(read(message.type, usual))).toEqual(comparable(message));
        }
      });

      it('writes and reads the payload of an extension as the version has it', () => {
        const note = extension({ name: 'ab', payload: ascii('xyz') });
        const wire = profile === rustPeer06 ? '02616278797a' : '0261620378797a';
        expect(bytesOf(note)).toBe(wire);
        expect(comparable(read('extension', wire))).toEqual(comparable(note));
        const empty = extension({ name: 'ab', payload: new Uint8Array() });
        if (profile === rustPeer06) expect(() => bytesOf(empty)).toThrowError(RangeError);
        else expect(bytesOf(empty)).toBe('02616200');
      });

      it('refuses an extension whose length is a lie, or whose name is too long', () => {
        expect(() => read('extension', '02616')).toThrow();
        const long = `fd0104${'61'.repeat(1025)}`;
        expect(() => read('extension', long)).toThrow(
          jasmine.objectContaining({ code: 'ERR_LIMIT_EXCEEDED', limit: 'maxExtensionNameBytes' }),
        );
        if (profile === rustPeer06) return;
        expect(() => read('extension', '0261620478797a')).toThrow(
          jasmine.objectContaining({ code: 'ERR_OUT_OF_BOUNDS' }),
        );
      });

      it('takes the largest payload there may be, and not one byte more', () => {
        const sized = (length: number): Message =>
          data({ request: 1, block: { index: 0, value: fill(length, 1), nodes: [] } });
        // Six bytes for channel and type, then flags, request, fork, index, the value's length and the count of nodes.
        const most = profile.maxPayloadBytes - 6 - 4 - 3 - 1;
        expect(bytesOf(sized(most)).length / 2 + 6).toBe(profile.maxPayloadBytes);
        expect(() => bytesOf(sized(most + 1))).toThrow(
          jasmine.objectContaining({
            code: 'ERR_FRAME_TOO_LARGE',
            length: profile.maxPayloadBytes + 18,
            limit: profile.maxPayloadBytes + 17,
          }),
        );
      });
    });
  }
});
