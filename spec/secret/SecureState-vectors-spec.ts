import { concat, hex, unhex } from '../helpers/bytes.js';
import { Random } from '../helpers/random.js';
import {
  codeOf,
  Endpoint,
  framesOf,
  optionsOf,
  other,
  plaintextOf,
  recorded,
  type Role,
  wire,
} from './wire.js';

const roles: Role[] = ['initiator', 'responder'];
const first = wire.conversations[wire.deliveries.conversation];

/** What each delivery of the vectors that ends in an error is to us; one that ends without is absent. */
const refusals: Record<string, string> = {
  'handshake message 1 is one byte short': 'ERR_HANDSHAKE_FAILED',
  'handshake message 1 is empty, then a byte follows': 'ERR_FRAME_EMPTY',
  // The official package looks at an empty frame only when more follows.
  'handshake message 1 is empty and nothing follows': 'ERR_FRAME_EMPTY',
  'handshake message 1 is all zero': 'ERR_HANDSHAKE_FAILED',
  'handshake message 2 altered': 'ERR_HANDSHAKE_FAILED',
  'handshake message 2 cut short': 'ERR_HANDSHAKE_FAILED',
  'handshake message 2 is the own message 1': 'ERR_FOREIGN_PROTOCOL',
  'handshake message 3 altered': 'ERR_HANDSHAKE_FAILED',
  'stream id altered': 'ERR_STREAM_HEADER',
  'stream id of the own side': 'ERR_STREAM_HEADER',
  'header message one byte short': 'ERR_STREAM_HEADER',
  'header message one byte long': 'ERR_STREAM_HEADER',
  'secretstream header altered': 'ERR_DECRYPT_FAILED',
  'first message altered': 'ERR_DECRYPT_FAILED',
  'second message altered': 'ERR_DECRYPT_FAILED',
  'messages swapped': 'ERR_DECRYPT_FAILED',
  'message repeated': 'ERR_DECRYPT_FAILED',
  '16 byte message': 'ERR_DECRYPT_FAILED',
  'empty frame, then a message': 'ERR_FRAME_EMPTY',
  'empty frame and message in one chunk': 'ERR_FRAME_EMPTY',
};

describe('SecureState: recorded connections', () => {
  for (const conversation of wire.conversations) {
    for (const role of roles) {
      it(`${conversation.what} (${conversation.pattern}), as ${role}`, () => {
        const end = new Endpoint(optionsOf(conversation, role));
        end.state.start();
        const written: Uint8Array[] = [];
        for (const frame of conversation.frames) {
          if (frame.from === role) {
            if (frame.kind === 'message') written.push(end.state.sealCopy(plaintextOf(frame)));
          } else if (frame.frame !== undefined) {
            end.state.receive(unhex(frame.frame));
          } else {
            // A frame known by its digest only: the other side writes it, and the digest says that it is the one.
            const remote = endpointAt(frame);
            expect(recorded(remote, frame.frameDigest!)).toEqual(frame.frameDigest!);
            end.state.receive(remote);
          }
        }
        const own = conversation.frames.filter(frame => frame.from === role);
        const all = [...end.sent, ...written];
        expect(all.map((bytes, i) => recorded(bytes, own[i].frame ?? own[i].frameDigest!))).toEqual(
          own.map(frame => frame.frame ?? frame.frameDigest!),
        );
        // Empty payloads are keep-alives here, whether or not that peer was told to filter them.
        const expected = conversation.received[role].filter(payload => payload !== '');
        expect(end.received.map((payload, i) => recorded(payload, expected[i]))).toEqual(expected);
        expect(hex(end.session!.handshakeHash)).toBe(conversation.handshakeHash);
        expect(hex(end.session!.publicKey)).toBe(conversation[role].staticPublicKey);
        expect(hex(end.session!.remotePublicKey)).toBe(conversation[other(role)].staticPublicKey);
        expect(end.session!.initiator).toBe(role === 'initiator');
        expect(Object.keys(end.session!)).not.toContain('tx');
        expect(end.state.phase).toBe('open');
      });

      function endpointAt(upTo: (typeof conversation.frames)[number]): Uint8Array {
        const from = upTo.from;
        const end = new Endpoint(optionsOf(conversation, from));
        end.run(
          conversation.frames.filter(f => f.from !== from && f.kind !== 'message').map(f => unhex(f.frame!)),
        );
        const messages = conversation.frames.filter(f => f.from === from && f.kind === 'message');
        return messages
          .slice(0, messages.indexOf(upTo) + 1)
          .map(f => end.state.sealCopy(plaintextOf(f)))
          .pop()!;
      }
    }
  }

  for (const delivery of wire.deliveries.cases) {
    it(`delivery: ${delivery.what} (as ${delivery.role})`, () => {
      const end = new Endpoint(optionsOf(first, delivery.role));
      const chunks = delivery.chunks.map(unhex);
      const size = delivery.chunkSize;
      const error = end.run(size === undefined ? chunks : chunks.flatMap(chunk => cut(chunk, size)));
      expect(error === null ? undefined : codeOf(error)).toBe(refusals[delivery.what]);
      if (delivery.error !== null) expect(error).not.toBeNull();
      expect(end.received.map(hex)).toEqual(delivery.received);
      expect(end.sent.map(hex)).toEqual(delivery.written);
      expect(end.session !== undefined).toBe(delivery.connected);
      if (error !== null) expect(end.state.phase).toBe('ended');
    });
  }
});

describe('SecureState: the same bytes, cut differently', () => {
  for (const role of roles) {
    const frames = framesOf(first, other(role));
    const bytes = concat(...frames);
    const expected = first.received[role];

    function verify(chunks: Uint8Array[]): void {
      const end = new Endpoint(optionsOf(first, role));
      const error = end.run(chunks);
      if (error !== null) throw error as Error;
      expect(end.received.map(hex)).toEqual(expected as string[]);
      expect(hex(concat(...end.sent))).toBe(hex(concat(...framesOf(first, role).slice(0, end.sent.length))));
    }

    it(`as ${role}: in two, at every place`, () => {
      for (let at = 0; at <= bytes.length; at++) verify([bytes.subarray(0, at), bytes.subarray(at)]);
    });

    it(`as ${role}: in equal pieces of every size`, () => {
      for (let size = 1; size <= bytes.length; size++) verify(cut(bytes, size));
    });

    it(`as ${role}: at random`, () => {
      const random = new Random(`chunks for the ${role}`);
      for (let round = 0; round < 200; round++) {
        const chunks: Uint8Array[] = [];
        for (let at = 0; at < bytes.length;) {
          const length = random.integer(0, random.pick([3, 20, 200]));
          chunks.push(bytes.subarray(at, at + length));
          at += length;
        }
        verify(chunks);
      }
    });
  }
});

describe('SecureState: altered and cut connections', () => {
  for (const role of roles) {
    const frames = framesOf(first, other(role));
    const bytes = concat(...frames);
    const payloads = first.received[role].length;

    for (const mask of [0x01, 0x80]) {
      it(`as ${role}: each byte altered by ${mask} is a typed error`, () => {
        const codes = new Set<string>();
        for (let at = 0; at < bytes.length; at++) {
          const altered = bytes.slice();
          altered[at] ^= mask;
          const end = new Endpoint(optionsOf(first, role));
          const error = end.run([altered]) ?? end.state.end();
          codes.add(codeOf(error));
          expect(codeOf(error)).withContext(`byte ${at}`).toMatch(/^ERR_/);
          // Never does anything altered, or what follows it, reach the application.
          expect(end.received.length).withContext(`byte ${at}`).toBeLessThan(payloads);
          expect(end.received.map(hex)).toEqual(
            first.received[role].slice(0, end.received.length) as string[],
          );
          expect(end.state.phase).toBe('ended');
          expect(end.state.buffered).toBe(0);
        }
        expect([...codes].sort()).toEqual(
          jasmine.arrayContaining(['ERR_DECRYPT_FAILED', 'ERR_STREAM_HEADER']),
        );
      });
    }

    it(`as ${role}: cut after each byte is a typed error`, () => {
      const borders = new Map<number, string>();
      let border = 0;
      const phases = role === 'initiator' ? ['handshake', 'header'] : ['handshake', 'handshake', 'header'];
      for (let i = 0; i <= frames.length; i++) {
        borders.set(border, phases[i] ?? 'open');
        border += frames[i]?.length ?? 0;
      }
      for (let at = 0; at <= bytes.length; at++) {
        const end = new Endpoint(optionsOf(first, role));
        expect(end.run([bytes.subarray(0, at)])).toBeNull();
        const error = end.state.end();
        const phase = borders.get(at);
        expect(codeOf(error))
          .withContext(`byte ${at}`)
          .toBe(phase === undefined ? 'ERR_FRAME_TRUNCATED' : 'ERR_TRANSPORT_CLOSED');
        if (phase !== undefined) expect((error as unknown as { phase: string }).phase).toBe(phase);
        expect(end.state.phase).toBe('ended');
        expect(end.state.buffered).toBe(0);
        expect(end.state.end()).toBeNull();
      }
    });
  }
});

function cut(bytes: Uint8Array, size: number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  return chunks;
}
