import { concat, unhex } from '../helpers/bytes.js';
import { extensionOfLength, messageOf, openOf, pause, RawSide } from './support/RawSide.js';
import { type CrateVersion, type PeerOptions, RustPeer } from './support/RustPeer.js';
import { RustSide } from './support/RustSide.js';

const keys = ['03', '04', '05'].map(byte => byte.repeat(32));
const [key, other, third] = keys;
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const noData = (request: number): Uint8Array => messageOf(1, 4, bytes(request));

/** What the peer makes of something: its failure, or what it received until then and in a moment more. */
interface Outcome {
  readonly failure: string | null;
  readonly received: readonly string[];
}

/**
 * What the crate cannot take, one by one, with bytes written by hand. A defect that is gone fails its spec: then the profile
 * may do less.
 */
for (const version of ['0.6', '0.7'] as const) {
  describe(`what crate ${version} cannot take`, () => {
    afterEach(async () => {
      RawSide.dropAll();
      RustSide.dropAll();
      await RustPeer.stopAll();
    });
    const is = (wanted: CrateVersion): boolean => version === wanted;

    async function meet(
      open: readonly string[] = [key],
      options: Partial<PeerOptions> = {},
    ): Promise<{ peer: RustPeer; side: RawSide }> {
      const peer = await RustPeer.start(version, { role: 'report', keys: [key, other], ...options });
      const side = await RawSide.connect(peer.port);
      for (const [n, one] of open.entries()) await side.open(n + 1, one);
      return { peer, side };
    }

    /** Sends payloads, each in a read of its own as far as that is in our hands, and sees what comes of them. */
    async function outcomeOf(peer: RustPeer, side: RawSide, ...payloads: Uint8Array[]): Promise<Outcome> {
      for (const payload of payloads) {
        side.send(payload);
        await pause(20);
      }
      return outcome(peer);
    }

    async function outcome(peer: RustPeer): Promise<Outcome> {
      const failure = await peer.failure(600).catch(() => null);
      const received = peer.untaken('message').map(({ text }) => text.replace(/^\w+\((.*)\)$/, '$1'));
      return { failure, received };
    }

    const fails = (failure: RegExp) => jasmine.objectContaining({ failure: jasmine.stringMatching(failure) });
    const takes = (...received: string[]): Outcome => ({ failure: null, received });

    it('a reject', async () => {
      const { peer, side } = await meet();
      peer.tell({ do: 'open', key: third });
      await side.payload(payload => payload[0] === 0 && payload[1] === 1 && payload[2] === 2);
      expect(await outcomeOf(peer, side, bytes(0, 2, 2))).toEqual(fails(/invalid special message/));
    });

    it('a type of message, and one of control, that it does not know', async () => {
      const { peer, side } = await meet();
      expect(await outcomeOf(peer, side, messageOf(1, 10, '01'))).toEqual(fails(/Invalid message type/));
      const again = await RawSide.connect(peer.port);
      expect(await outcomeOf(peer, again, bytes(0, 4, 1))).toEqual(fails(/invalid special message|Invalid/));
    });

    it('a message on a channel that it has not opened', async () => {
      const { peer, side } = await meet();
      const early = outcomeOf(peer, side, side.openPayload(2, third), messageOf(2, 2, '01'));
      expect(await early).toEqual(fails(/Channel is not open/));
    });

    it('a channel of another protocol', async () => {
      const { peer, side } = await meet();
      const chess = openOf(2, bytes(1, 2, 3, 4), bytes(), 'chess');
      expect(await outcomeOf(peer, side, chess)).toEqual(fails(/Key must be 32 bytes/));
    });

    it('a wrong capability: it costs the connection', async () => {
      const { peer, side } = await meet();
      const open = side.openPayload(2, other);
      open[open.length - 1] ^= 1;
      expect(await outcomeOf(peer, side, open)).toEqual(fails(/Invalid remote channel capability/));
    });

    it('what newer peers write behind a noData and a want', async () => {
      for (const [type, payload] of [
        [4, '0700'],
        [4, '070102'],
        [5, '002001'],
      ] as const) {
        const { peer, side } = await meet();
        const { failure, received } = await outcomeOf(peer, side, messageOf(1, type, payload), noData(8));
        if (is('0.6')) expect([failure, received.length]).toEqual([null, 2]);
        else expect(failure).toMatch(/too short message|out of bounds/);
      }
    });

    it('a batch with items longer than it reads them', async () => {
      const { peer, side } = await meet();
      const batch = bytes(0, 0, 1, 4, 2, 7, 9, 9, 2, 4, 8); // a cancel with two bytes too many, a noData
      const both = takes('Cancel { request: 7 }', 'NoData { request: 8 }');
      expect(await outcomeOf(peer, side, batch)).toEqual(is('0.6') ? both : fails(/invalid message length/));
    });

    it('data with a manifest', async () => {
      const { peer, side } = await meet();
      const manifest = concat(unhex('01000001010044'), new Uint8Array(63).fill(0x44));
      const data = concat(unhex('100100'), manifest);
      const { failure, received } = await outcomeOf(peer, side, messageOf(1, 3, data), noData(8));
      if (is('0.6')) expect([failure, received.length]).toEqual([null, 2]);
      else expect(failure).toMatch(/Invalid message type/);
    });

    it('a seek with its padding', async () => {
      const { peer, side } = await meet();
      const request = messageOf(1, 1, '0c01000908 0203'); // seek 9 with padding 8, upgrade 2 to 2 + 3
      const { failure, received } = await outcomeOf(peer, side, request);
      if (is('0.7')) return expect(failure).toMatch(/too short/);
      // It takes the padding for the start of the upgrade.
      expect(received[0]).toContain('upgrade: Some(RequestUpgrade { start: 8, length: 2 })');
    });

    it('the payload of an extension, unless it is as the version has it', async () => {
      const { peer, side } = await meet();
      const raw = await outcomeOf(peer, side, messageOf(1, 9, '0261626e6f')); // "ab", 6e 6f
      const plain = takes('Extension { name: "ab", message: [110, 111] }');
      expect(raw).toEqual(is('0.6') ? plain : fails(/Could not split slice/));
      if (is('0.7')) return;
      expect(await outcomeOf(peer, side, messageOf(1, 9, '026162'))).toEqual(fails(/out of bounds/));
    });

    it('the name of an extension, left out because it is the last one', async () => {
      const { peer, side } = await meet();
      const [first, second] = is('0.6') ? ['0161 6e', '00 6e'] : ['0161 016e', '00 016e'];
      expect(await outcomeOf(peer, side, messageOf(1, 9, first), messageOf(1, 9, second))).toEqual(
        takes('Extension { name: "a", message: [110] }', 'Extension { name: "", message: [110] }'),
      );
    });

    it('a batch of two channels', async () => {
      const { peer, side } = await meet([key, other]);
      for (const _ of [key, other]) await peer.event('channel'); // a message before it would be fatal on its own
      const batch = bytes(0, 0, 1, 2, 4, 7, 0, 2, 2, 4, 8);
      const both = takes('NoData { request: 7 }', 'NoData { request: 8 }');
      expect(await outcomeOf(peer, side, batch)).toEqual(is('0.6') ? both : fails(/invalid message length/));
    });

    it('an open and a close in a batch', async () => {
      const { peer, side } = await meet([]);
      const open = side.openPayload(1, key).subarray(1); // the first of the zeros stands before the batch
      await outcomeOf(peer, side, concat(bytes(0, 0, 0, open.length), open));
      expect(peer.untaken('channel')).toEqual([]);

      const fresh = await meet();
      const close = bytes(0, 0, 1, 2, 4, 7, 0, 0, 2, 3, 1);
      expect((await outcomeOf(fresh.peer, fresh.side, close)).failure).not.toBeNull();
      expect(fresh.peer.untaken('close')).toEqual([]);
    });

    it('a number in a longer form than it needs, and a batch without items: these it takes', async () => {
      const { peer, side } = await meet();
      const longer = concat(bytes(0xfd, 1, 0, 4, 7));
      const inBatch = bytes(0, 0, 0xfd, 1, 0, 2, 4, 8, 2, 4, 9);
      const largest = concat(bytes(0xff, 1, 0, 0, 0, 0, 0, 0, 0, 4, 10));
      expect(await outcomeOf(peer, side, longer, inBatch, bytes(0, 0, 1), largest)).toEqual(
        takes(...[7, 8, 9, 10].map(request => `NoData { request: ${request} }`)),
      );
    });

    it('closing by its own command: it tells nobody, and gives the number away', async () => {
      const { peer, ours } = await RustSide.meet({ version, weDial: true }, { role: 'echo', keys });
      const channel = await ours.channel(key);
      peer.tell({ do: 'forget', discoveryKey: (await peer.event('channel')).discoveryKey });
      await peer.event('close');
      expect(channel.isOpen).toBeTrue();
      peer.tell({ do: 'open', key: other });
      expect(await ours.ended()).toEqual(jasmine.objectContaining({ code: 'ERR_MUX_OPEN', remoteId: 1 }));
    });

    describe('by how the bytes reach it', () => {
      it('a read that ends inside the length of a frame', async () => {
        const { peer, side } = await meet();
        side.hold();
        side.send(noData(8));
        await side.flush(2);
        const fine = takes('NoData { request: 8 }');
        expect(await outcome(peer)).toEqual(is('0.6') ? fails(/Could not read header/) : fine);
      });

      it('a read that ends inside the body of a frame', async () => {
        const { peer, side } = await meet();
        side.hold();
        side.send(noData(8));
        await side.flush(9);
        const then = await outcomeOf(peer, side, noData(9), noData(10));
        // 0.6 loses it, and whatever follows.
        expect(then.received.length).toBe(is('0.6') ? 0 : 3);
      });

      for (const length of [255, 256, 257, 512]) {
        it(`a payload of ${length} bytes before another one in one read`, async () => {
          const { peer, side } = await meet();
          side.hold();
          const payload = is('0.6') ? extensionOfLength(1, length) : new Uint8Array();
          side.send(payload, noData(8));
          await side.flush();
          const { failure, received } = await outcome(peer);
          if (is('0.7')) expect([failure, received.length]).toEqual([null, 1]);
          else if (length % 256 === 0)
            expect(failure).toMatch(/^panic: range end index|Invalid|short|bounds/);
          else expect([failure, received.length]).toEqual([null, 2]);
        });
      }

      it('a keep-alive before another frame in one read', async () => {
        const { peer, side } = await meet();
        side.hold();
        side.send(new Uint8Array(), noData(8));
        await side.flush();
        const { received } = await outcomeOf(peer, side, noData(9));
        expect(received.length).toBe(is('0.6') ? 0 : 2);
      });

      it('a keep-alive by itself, or behind another frame: these it takes', async () => {
        const { peer, side } = await meet();
        side.send(new Uint8Array());
        await pause(50);
        side.hold();
        side.send(noData(7), new Uint8Array(), noData(8));
        await side.flush();
        expect((await outcome(peer)).received.length).toBe(2);
      });

      it('the end of the handshake and a record in one read', async () => {
        const peer = await RustPeer.start(version, { role: 'report', keys: [key] });
        const side = await RawSide.connect(peer.port, 'handshake');
        side.send(side.openPayload(1, key));
        await side.flush();
        if (is('0.6')) expect(await peer.failure()).toMatch(/^panic: .*raw frames in Established state/);
        else await peer.event('channel');
      });

      if (is('0.7')) {
        it('the end of the handshake and our header in one read: it sleeps over them until more arrives', async () => {
          const peer = await RustPeer.start(version, { role: 'report', keys: [key], active: true });
          const side = await RawSide.connect(peer.port, 'handshake');
          await side.flush();
          await pause(500);
          expect(peer.untaken('handshake')).toEqual([]);
          side.send(new Uint8Array());
          await peer.event('handshake');
        });
      }

      it('the end of the handshake and our header in one read, or the header and a record: these it takes', async () => {
        for (const cut of [67 + 59, 67]) {
          const peer = await RustPeer.start(version, { role: 'report', keys: [key] });
          const side = await RawSide.connect(peer.port, 'handshake');
          side.send(side.openPayload(1, key));
          await side.flush(cut);
          await peer.event('channel');
        }
      });

      it('a frame larger than its buffer', async () => {
        const { peer, side } = await meet();
        const data = (length: number): Uint8Array =>
          concat(
            unhex('010301010000fe'),
            bytes(length, length >> 8, length >> 16, 0),
            new Uint8Array(length + 1),
          );
        if (is('0.7')) {
          // The frame has 20 bytes more than the payload, the payload 12 more than the block.
          const fits = 0x10000 - 20 - 12;
          expect((await outcomeOf(peer, side, data(fits))).received.length).toBe(1);
          const fresh = await meet(); // the buffer of the other one may have grown
          expect(await outcomeOf(fresh.peer, fresh.side, data(70_000), noData(9))).toEqual(takes());
        } else {
          const { failure, received } = await outcomeOf(peer, side, data(140_000), noData(9));
          expect(received).toEqual([]);
          expect(failure ?? 'nothing, it waits').toMatch(/nothing|Decrypt failed|Could not read header/);
        }
      });

      it('our end: it does not notice', async () => {
        const { peer, side } = await meet();
        side.socket.end();
        expect(await outcome(peer)).toEqual(takes());
      });

      if (is('0.6')) {
        it('20 seconds without a byte', async () => {
          const { peer } = await meet();
          expect(await peer.failure(25_000)).toBe('Remote timed out');
        });

        it('a flood: more bytes at a time than its buffer holds', async () => {
          const { peer, side } = await meet();
          side.hold();
          for (let n = 0; n < 2_000; n++) side.send(extensionOfLength(1, 150));
          await side.flush();
          await pause(500);
          const { failure, received } = await outcomeOf(peer, side, noData(8));
          expect(failure ?? 'nothing, it waits').toMatch(/nothing|Could not read header|Decrypt failed/);
          expect(received.length).toBeLessThan(2_000);
        });
      }
    });
  });
}
