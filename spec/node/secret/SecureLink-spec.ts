import type { Socket } from 'node:net';
import { portableCrypto } from '../../../lib/crypto/portable/portable.js';
import { FrameTooLargeError } from '../../../lib/errors.js';
import { encodeFrame } from '../../../lib/framing/encodeFrame.js';
import { SecureLink, type SecureLinkOptions } from '../../../lib/secret/SecureLink.js';
import { SecureState } from '../../../lib/secret/SecureState.js';
import { nodeDuplex } from '../../../lib/transports/nodeDuplex.js';
import { bytesOfRule, fill, hex } from '../../helpers/bytes.js';
import { Random } from '../../helpers/random.js';
import { codeOf } from '../../secret/wire.js';
import {
  OfficialStream,
  type SecretStream,
  type SecretStreamOptions,
  socketPair,
  until,
} from './secretStream.js';

const crypto = portableCrypto;
const ours = crypto.keyPair(fill(32, 1));
const theirs = crypto.keyPair(fill(32, 2));
const sockets: Socket[] = [];

/** Our link and the official stream at the two ends of a TCP connection, and what each was told. */
async function connected(
  initiator: boolean,
  options: Partial<SecureLinkOptions> = {},
  official: SecretStreamOptions = {},
) {
  const [near, far] = await socketPair();
  sockets.push(near, far);
  const link = new SecureLink(nodeDuplex(near), { crypto, initiator, keyPair: ours, ...options });
  const stream: SecretStream = new OfficialStream(!initiator, far, { keyPair: theirs, ...official });
  const told = {
    ours: [] as Uint8Array[],
    ourEnd: '',
    theirs: [] as Uint8Array[],
    theirEnd: '',
  };
  stream.on('data', data => told.theirs.push(data));
  stream.on('error', error => (told.theirEnd = error.message));
  stream.on('end', () => (told.theirEnd ||= 'end'));
  stream.on('close', () => (told.theirEnd ||= 'close'));
  const subscription = link.subscribe({
    next: payload => told.ours.push(payload),
    error: error => (told.ourEnd = codeOf(error)),
    complete: () => (told.ourEnd = 'complete'),
  });
  return { link, stream, told, near, far, subscription };
}

async function open(link: SecureLink): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    link.opened.subscribe({ error: reject, complete: resolve });
  });
}

describe('SecureLink and the official secret-stream over TCP', () => {
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  for (const pattern of ['XX', 'IK'] as const) {
    for (const initiator of [true, false]) {
      it(`${pattern}, as ${initiator ? 'initiator' : 'responder'}: every length both ways`, async () => {
        const random = new Random(`${pattern} ${initiator ? 'initiator' : 'responder'}`);
        const { link, stream, told } = await connected(
          initiator,
          { pattern, remotePublicKey: theirs.publicKey },
          { pattern, ...(!initiator && { remotePublicKey: ours.publicKey }) },
        );
        await open(link);
        expect(await stream.opened).toBeTrue();
        expect(hex(link.session!.handshakeHash)).toBe(hex(stream.handshakeHash));
        expect(hex(link.session!.remotePublicKey)).toBe(hex(theirs.publicKey));
        expect(hex(stream.remotePublicKey)).toBe(hex(ours.publicKey));

        const lengths = [
          0, 1, 2, 15, 16, 17, 47, 48, 64, 238, 239, 240, 4096, 65_518, 65_519, 65_520, 70_000,
        ];
        for (let i = 0; i < 60; i++) lengths.push(random.integer(0, random.pick([100, 2000, 70_000])));
        // The official stream hands on empty payloads only with the next that is not: its buffer counts bytes.
        lengths.push(0, 0, 1);
        const sent = lengths.map((length, i) => bytesOfRule({ rule: 'affine', a: 7, b: i, length }));
        for (const payload of sent) {
          link.next(payload);
          stream.write(payload);
        }
        const filled = sent.filter(payload => payload.length > 0).map(hex);
        await until(
          () => told.theirs.length === sent.length && told.ours.length === filled.length,
          'all payloads',
        );
        expect(told.theirs.map(hex)).toEqual(sent.map(hex));
        expect(told.ours.map(hex)).toEqual(filled);
        expect([told.ourEnd, told.theirEnd]).toEqual(['', '']);
        link.complete();
        await until(() => told.theirEnd !== '', 'their end');
        stream.end();
        await until(() => told.ourEnd !== '', 'our end');
        expect([told.ourEnd, told.theirEnd]).toEqual(['complete', 'end']);
      });
    }
  }

  it('from a session that was agreed elsewhere, as a HyperDHT connection begins', async () => {
    const [tx, rx, hash] = [fill(32, 3), fill(32, 4), fill(64, 5)];
    const publicKeys = { publicKey: ours.publicKey, remotePublicKey: theirs.publicKey };
    const { link, stream, told } = await connected(
      true,
      { session: { initiator: true, tx, rx, handshakeHash: hash, ...publicKeys } },
      { handshake: { tx: rx, rx: tx, hash, publicKey: theirs.publicKey, remotePublicKey: ours.publicKey } },
    );
    link.next(fill(5, 1));
    stream.write(fill(6, 2));
    await until(() => told.ours.length + told.theirs.length === 2, 'both payloads');
    expect([told.ours[0].length, told.theirs[0].length]).toEqual([6, 5]);
  });

  it('keep-alives: theirs keep our idle timer quiet, ours arrive and are no data', async () => {
    const { link, stream, told } = await connected(
      true,
      { limits: { keepAliveMs: 50, idleTimeoutMs: 800 } },
      { keepAlive: 50 },
    );
    await open(link);
    await new Promise(resolve => setTimeout(resolve, 1200));
    expect(told).toEqual({ ours: [], ourEnd: '', theirs: [], theirEnd: '' });
    // Records of 17 bytes: timers may be late, but not by this much.
    expect(stream.rawBytesRead).toBeGreaterThan(5 * 17);
    expect(stream.rawBytesRead % 17).toBe(0);
  });

  it('without keep-alives from them, our idle timer ends it', async () => {
    const { told } = await connected(true, { limits: { keepAliveMs: 15, idleTimeoutMs: 80 } });
    await until(() => told.ourEnd !== '' && told.theirEnd !== '', 'both ends');
    expect(told.ourEnd).toBe('ERR_TIMEOUT');
  });

  it('the largest payload passes both ways, one byte more does not', async () => {
    const { link, stream, told } = await connected(false);
    await open(link);
    const largest = bytesOfRule({ rule: 'affine', a: 3, b: 1, length: 16_777_198 });
    expect(() => link.next(new Uint8Array(largest.length + 1))).toThrowError(FrameTooLargeError);
    link.next(largest);
    stream.write(largest);
    await until(() => told.ours.length + told.theirs.length === 2, 'both payloads');
    // Not by a matcher: it would go through them byte by byte.
    expect(Buffer.compare(told.ours[0], largest)).toBe(0);
    expect(Buffer.compare(told.theirs[0], largest)).toBe(0);
    expect(told.ourEnd).toBe('');
    // Theirs dies of one byte more, and ours sees it go.
    stream.write(new Uint8Array(largest.length + 1));
    await until(() => told.ourEnd !== '' && told.theirEnd !== '', 'both ends');
    expect(told.theirEnd).toMatch(/too large/);
    expect(told.ourEnd).toMatch(/^ERR_TRANSPORT_/);
  });

  describe('refusing', () => {
    it('a key that the authorizer does not want: they never learn ours', async () => {
      const asked: string[] = [];
      const { stream, told } = await connected(true, { authorize: key => asked.push(hex(key)) === 0 });
      expect(await stream.opened).toBeFalse();
      await until(() => told.ourEnd !== '', 'our end');
      expect(told.ourEnd).toBe('ERR_REMOTE_KEY_REJECTED');
      expect(asked).toEqual([hex(theirs.publicKey)]);
      expect(stream.remotePublicKey).toBeNull();
    });

    it('a key that is not the pinned one', async () => {
      const { stream, told } = await connected(false, { remotePublicKey: ours.publicKey });
      await until(() => told.ourEnd !== '' && told.theirEnd !== '', 'both ends');
      expect(told.ourEnd).toBe('ERR_REMOTE_KEY_MISMATCH');
      expect(told.theirs).toEqual([]);
      expect(stream.destroyed).toBeTrue();
    });

    it('a peer of the other pattern, and one of the same role', async () => {
      const otherPattern = await connected(
        false,
        { pattern: 'XX' },
        { pattern: 'IK', remotePublicKey: ours.publicKey },
      );
      await until(() => otherPattern.told.ourEnd !== '' && otherPattern.told.theirEnd !== '', 'both ends');
      expect(otherPattern.told.ourEnd).toMatch(/^ERR_(HANDSHAKE_FAILED|FOREIGN_PROTOCOL|TRANSPORT_CLOSED)$/);

      const [near, far] = await socketPair();
      sockets.push(near, far);
      const stream = new OfficialStream(true, far);
      stream.on('error', () => undefined);
      const told: string[] = [];
      new SecureLink(nodeDuplex(near), { crypto, initiator: true }).subscribe({
        error: error => told.push(codeOf(error)),
      });
      await until(() => told.length > 0, 'our end');
      expect(told).toEqual(['ERR_FOREIGN_PROTOCOL']);
    });
  });

  describe('what they make of garbage from us', () => {
    const cases: [string, string, RegExp][] = [
      ['handshake', 'a frame that is no Noise message', /Noise handshake failed/],
      ['header', 'a header of another session', /Invalid header received/],
      ['open', 'a record that is too short', /Invalid message received/],
      ['open', 'a record that was altered', /pull failed|decrypt|failed/i],
    ];
    for (const [phase, what, message] of cases) {
      it(`${phase}: ${what}`, async () => {
        const [near, far] = await socketPair();
        sockets.push(near, far);
        const stream = new OfficialStream(false, far);
        let end = '';
        stream.on('data', () => (end = 'data'));
        stream.on('error', error => (end = error.message));
        const state = new SecureState(
          { crypto, initiator: true },
          {
            send: frame => {
              if (phase === 'header' && frame.length === 59) frame[10] ^= 1;
              if (phase === 'handshake') frame = encodeFrame(fill(31, 1));
              near.write(frame);
            },
            authorize: () => undefined,
            session: () => {
              if (phase !== 'open') return;
              const frame = what.includes('short') ? encodeFrame(fill(16, 1)) : state.sealCopy(fill(9, 1));
              if (what.includes('altered')) frame[9] ^= 1;
              near.write(frame);
            },
            ready: () => undefined,
            payload: () => undefined,
          },
        );
        near.on('data', chunk => state.receive(chunk));
        near.on('error', () => undefined);
        state.start();
        await until(() => end !== '', 'their error');
        expect(end).toMatch(message);
      });
    }
  });

  describe('ends', () => {
    it('theirs, which is a lost connection to us', async () => {
      const { link, stream, told, near } = await connected(true);
      await open(link);
      stream.write(fill(3, 3));
      stream.end();
      await until(() => told.ourEnd !== '', 'our end');
      expect(told.ours.map(hex)).toEqual(['030303']);
      expect(told.ourEnd).toBe('ERR_TRANSPORT_CLOSED');
      expect(near.destroyed).toBeTrue();
    });

    it('a socket that is reset', async () => {
      const { link, told, far } = await connected(true);
      await open(link);
      far.resetAndDestroy();
      await until(() => told.ourEnd !== '', 'our end');
      expect(told.ourEnd).toMatch(/^ERR_TRANSPORT_(FAILED|CLOSED)$/);
    });

    it('ours, by unsubscribing: the socket is gone', async () => {
      const { link, told, near, subscription } = await connected(false);
      await open(link);
      subscription.unsubscribe();
      expect(near.destroyed).toBeTrue();
      await until(() => told.theirEnd !== '', 'their end');
      expect(told.ourEnd).toBe('');
    });
  });

  it('pausing stops them, and nothing is lost', async () => {
    const { link, stream, told, near } = await connected(true);
    await open(link);
    link.pause();
    const message = fill(0x10000, 9);
    let written = 0;
    let full = false;
    while (written < 1000 && !full) {
      written++;
      if (stream.write(message)) continue;
      // Whether the link takes more is known only when nothing has left for a while.
      full = await Promise.race([
        new Promise<boolean>(resolve => stream.once('drain', () => resolve(false))),
        new Promise<boolean>(resolve => setTimeout(() => resolve(true), 250)),
      ]);
    }
    expect(full).toBeTrue();
    expect(told.ours.length).toBe(0);
    expect(near.bytesRead).toBeLessThan(0x40000);
    link.resume();
    await until(() => told.ours.length === written, 'all payloads');
    expect(told.ours.every(payload => payload.length === message.length)).toBeTrue();
  });
});
