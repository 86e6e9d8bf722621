import { take, toArray, firstValueFrom, Subscription, type Unsubscribable } from 'rxjs';
import { portableCrypto as crypto } from '../../lib/crypto/portable/portable.js';
import type { Log } from '../../lib/log/Log.js';
import type { LogOptions } from '../../lib/log/LogOptions.js';
import { openLog } from '../../lib/log/openLog.js';
import { ConflictError } from '../../lib/logErrors.js';
import { data } from '../../lib/messages/data.js';
import { SignatureRules } from '../../lib/proof/SignatureRules.js';
import { TreeHasher } from '../../lib/tree/TreeHasher.js';
import { MOST_BLOCK_BYTES } from '../../lib/log/Writer.js';
import type { LogChange } from '../../lib/log/ReplicableLog.js';
import { createManifest, defaultManifest, manifestKey } from '../../lib/proof/coreManifest.js';
import { memoryStorage } from '../../lib/storage/memory/memoryStorage.js';
import { ascii, fill, hex } from '../helpers/bytes.js';
import { download, upgrade } from './replicate.js';

const seed = fill(32, 7);
const code = (expected: string): jasmine.AsymmetricMatcher<unknown> =>
  jasmine.objectContaining({ code: expected });

const abc = [ascii('a'), ascii('bb'), ascii('ccc')];

describe('log: one core', () => {
  const logs: Log[] = [];
  async function open(options: LogOptions = {}): Promise<Log> {
    const log = await openLog({ crypto, ...options });
    logs.push(log);
    return log;
  }
  afterEach(async () => {
    await Promise.all(logs.splice(0).map(log => log.close().catch(() => undefined)));
  });

  it('is what hypercore makes of the same blocks', async () => {
    const log = await open({ seed });
    expect(await log.append(abc)).toEqual({ length: 3, byteLength: 6 });
    expect(hex(log.key)).toBe('ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c');
    expect(hex(log.discoveryKey)).toBe('e3ac68a2145739cf48b8c0c43ad54595216b4bcbd5914c35dab942fb8c0c571b');
    expect(hex(await log.treeHash())).toBe(
      '45f511522f3ccc90b4b76f89a9ee1ac039febd894778b3e9b06aefe521c52265',
    );
    const answer = await log.core.prove({
      type: 'request',
      id: 1,
      fork: 0,
      block: null,
      hash: null,
      seek: null,
      upgrade: { start: 0, length: 3 },
      manifest: true,
      priority: 0,
    });
    expect(hex(answer!.upgrade!.signature!)).toBe(
      'c79039c73032f208b8dbc8c4988afe108971b8d4a1fdad48094a15c539afaed6092afe93a02f17f0fc4d74e9a7fdaedc7fc895c50853abf68ecc0cd81855dc02',
    );
    expect(answer!.manifest).toBeNull();
  });

  it('has the key that hypercore 11 gives it, with a manifest', async () => {
    const log = await open({ seed, compat: false });
    expect(hex(log.key)).toBe('04dc2c70d9b3954c86f4d0ffeae59b601b9739d285d5bb1849a9f93f45d95c18');
    expect(log.manifest?.signers.length).toBe(1);
    await log.append(abc);
    const reader = await open({ key: log.key });
    await upgrade(log, reader);
    expect(reader.manifest).toEqual(log.manifest);
    expect(reader.core.compat).toBeFalse();
  });

  it('reads, seeks and tells what it has', async () => {
    const log = await open({ seed });
    await log.append(abc);
    await log.append(fill(0, 0));
    expect([log.length, log.byteLength, log.contiguousLength, log.fork]).toEqual([4, 6, 4, 0]);
    expect(hex(await log.get(1))).toBe('6262');
    expect((await log.get(3)).length).toBe(0);
    expect(await log.seek(0)).toEqual({ index: 0, offset: 0 });
    expect(await log.seek(2)).toEqual({ index: 1, offset: 1 });
    expect(await log.seek(3)).toEqual({ index: 2, offset: 0 });
    expect(await log.seek(6)).toEqual({ index: 4, offset: 0 });
    await expectAsync(log.seek(7)).toBeRejectedWithError(RangeError);
    await expectAsync(log.seek(-1)).toBeRejectedWithError(RangeError);
    await expectAsync(log.get(4)).toBeRejectedWith(code('ERR_BLOCK_NOT_AVAILABLE'));
    await expectAsync(log.get(-1)).toBeRejectedWith(code('ERR_BLOCK_NOT_AVAILABLE'));
    await expectAsync(log.get(0.5)).toBeRejectedWith(code('ERR_BLOCK_NOT_AVAILABLE'));
    expect([log.has(3), log.has(4), log.has(-1)]).toEqual([true, false, false]);
    expect(hex(await log.treeHash(3))).toBe(
      '45f511522f3ccc90b4b76f89a9ee1ac039febd894778b3e9b06aefe521c52265',
    );
    await expectAsync(log.treeHash(5)).toBeRejectedWithError(RangeError);
  });

  it('gives bytes that belong to the caller, and takes no hold of those it is given', async () => {
    const log = await open({ seed });
    const given = ascii('abc');
    await log.append(given);
    given.fill(0);
    const got = await log.get(0);
    expect(hex(got)).toBe(hex(ascii('abc')));
    got.fill(0);
    expect(hex(await log.get(0))).toBe(hex(ascii('abc')));
  });

  it('appends in the order of the calls, each as a whole', async () => {
    const log = await open({ seed });
    const results = await Promise.all([1, 2, 3].map(n => log.append([fill(n, n), fill(n, n)])));
    expect(results.map(({ length }) => length)).toEqual([2, 4, 6]);
    expect(results.map(({ byteLength }) => byteLength)).toEqual([2, 6, 12]);
    for (let i = 0; i < 6; i++) expect((await log.get(i)).length).toBe(1 + Math.floor(i / 2));
    expect(await log.append([])).toEqual({ length: 6, byteLength: 12 });
  });

  it('refuses what is no block, and one that is too large, before anything happens', async () => {
    const log = await open({ seed });
    expect(() => log.append('abc' as unknown as Uint8Array)).toThrowError(TypeError);
    expect(() => log.append([ascii('a'), new Uint8Array(MOST_BLOCK_BYTES + 1)])).toThrowError(RangeError);
    expect(log.length).toBe(0);
    const sealed = await open({ seed, encryptionKey: fill(32, 1) });
    expect(() => sealed.append(new Uint8Array(MOST_BLOCK_BYTES - 7))).toThrowError(RangeError);
  });

  it('encrypts', async () => {
    const storage = memoryStorage();
    const encryptionKey = fill(32, 0x11);
    const log = await open({ seed, storage, encryptionKey, compat: false });
    await log.append([ascii('hello'), fill(0, 0)]);
    expect([log.byteLength, log.core.byteLength, log.core.padding]).toEqual([5, 21, 8]);
    expect(await log.seek(4)).toEqual({ index: 0, offset: 4 });
    expect(await log.seek(5)).toEqual({ index: 2, offset: 0 });
    await log.close();
    const blind = await open({ storage });
    expect((await blind.get(0)).length).toBe(13);
    await blind.close();
    const again = await open({ storage, encryptionKey });
    expect(hex(await again.get(0))).toBe(hex(ascii('hello')));
    expect((await again.get(1)).length).toBe(0);
  });

  it('changes in the order of the calls, whatever is under way', async () => {
    const log = await open({ seed });
    await log.append(abc);
    await Promise.all([
      log.append(ascii('d')),
      log.truncate(1),
      log.append([ascii('e'), ascii('f')]),
      log.clear(1, 2),
      log.append(ascii('g')),
      log.append(ascii('h')),
    ]);
    expect(log.length).toBe(5);
    expect(log.has(1)).toBeFalse();
    for (const [index, text] of [
      [0, 'a'],
      [2, 'f'],
      [3, 'g'],
      [4, 'h'],
    ] as const)
      expect(await log.get(index)).toEqual(ascii(text));
  });

  it('truncates and clears', async () => {
    const log = await open({ seed });
    await log.append([...abc, ...abc]);
    await log.clear(1, 3);
    expect([log.has(0), log.has(1), log.has(2), log.has(3)]).toEqual([true, false, false, true]);
    expect([log.length, log.contiguousLength]).toEqual([6, 1]);
    await expectAsync(log.get(1)).toBeRejectedWith(code('ERR_BLOCK_NOT_AVAILABLE'));
    await log.truncate(4);
    expect([log.length, log.fork, log.byteLength]).toEqual([4, 1, 7]);
    await log.append(ascii('new'));
    expect(hex(await log.get(4))).toBe(hex(ascii('new')));
    await log.truncate(0, { fork: 7 });
    expect([log.length, log.fork, log.contiguousLength]).toEqual([0, 7, 0]);
    await expectAsync(log.truncate(1)).toBeRejectedWithError(RangeError);
    await expectAsync(log.truncate(0, { fork: 7 })).toBeRejectedWithError(RangeError);
    await log.clear(0, 100);
    expect(() => log.clear(2, 1)).toThrowError(RangeError);
  });

  it('is read-only by its key alone', async () => {
    const writer = await open({ seed });
    await writer.append(abc);
    const reader = await open({ key: writer.key });
    expect([reader.writable, writer.writable]).toEqual([false, true]);
    await expectAsync(reader.append(ascii('x'))).toBeRejectedWith(code('ERR_READ_ONLY'));
    await expectAsync(reader.truncate(0)).toBeRejectedWith(code('ERR_READ_ONLY'));
    await upgrade(writer, reader);
    expect([reader.length, reader.contiguousLength, reader.core.compat]).toEqual([3, 0, true]);
    await download(writer, reader, [2]);
    expect([reader.has(0), reader.has(2)]).toEqual([false, true]);
    expect(hex(await reader.get(2))).toBe(hex(ascii('ccc')));
    await download(writer, reader, [0, 1]);
    expect(reader.contiguousLength).toBe(3);
  });

  it('comes back as it was', async () => {
    const storage = memoryStorage();
    const log = await open({ seed, storage, folder: 'a/b' });
    await log.append(abc);
    await log.setUserData('x', ascii('y'));
    await log.close();
    const again = await open({ storage, folder: 'a/b' });
    expect([again.length, again.writable, hex(again.key)]).toEqual([3, true, hex(log.key)]);
    expect(hex(again.getUserData('x')!)).toBe(hex(ascii('y')));
    expect(again.getUserData('z')).toBeNull();
    await again.append(ascii('d'));
    expect(again.length).toBe(4);
  });

  it('has one opener at a time', async () => {
    const storage = memoryStorage();
    const log = await open({ seed, storage });
    await expectAsync(open({ storage })).toBeRejectedWith(code('ERR_STORAGE_LOCKED'));
    await log.close();
    await open({ storage });
  });

  describe('that does not fit', () => {
    const pair = crypto.keyPair(seed);
    const other = crypto.keyPair(fill(32, 8));

    for (const [what, options] of [
      ['a key of another length', { key: fill(31, 0) }],
      ['a key pair and a seed', { seed, keyPair: pair }],
      ['halves that do not belong together', { keyPair: { ...pair, publicKey: other.publicKey } }],
      ['a key that is not the key pair’s', { key: fill(32, 1), keyPair: pair }],
      ['a key that is not the manifest’s', { key: fill(32, 1), manifest: defaultManifest(pair.publicKey) }],
      ['a key pair of no signer', { keyPair: other, manifest: defaultManifest(pair.publicKey) }],
      ['nothing to open', { createIfMissing: false }],
      ['an unknown durability', { durability: 'never' as 'each' }],
      ['a cache of no size', { cacheBytes: -1 }],
    ] as [string, LogOptions][]) {
      it(`is refused: ${what}`, async () => {
        const storage = memoryStorage();
        await expectAsync(open({ storage, ...options })).toBeRejectedWithError(RangeError);
        await open({ storage }); // nothing stays locked
      });
    }

    it('what is stored is refused', async () => {
      const storage = memoryStorage();
      await (await open({ seed, storage })).close();
      await expectAsync(open({ storage, key: fill(32, 1) })).toBeRejectedWithError(RangeError);
      await expectAsync(open({ storage, keyPair: other })).toBeRejectedWithError(RangeError);
      await expectAsync(open({ storage, manifest: defaultManifest(pair.publicKey) })).toBeRejectedWithError(
        RangeError,
      );
      await open({ storage, keyPair: pair, key: pair.publicKey, createIfMissing: false });
    });
  });

  it('takes one of several signers if one is enough, and is read-only if it is not', async () => {
    const publicKeys = [1, 2, 3].map(n => crypto.keyPair(fill(32, n)).publicKey);
    const signers = publicKeys.map(publicKey => ({ publicKey }));
    const one = createManifest({ signers, quorum: 1 });
    const log = await open({ manifest: one, seed: fill(32, 2) });
    expect(hex(log.key)).toBe(hex(manifestKey(crypto, one)));
    await log.append(abc);
    const reader = await open({ key: log.key });
    await upgrade(log, reader);
    expect(reader.length).toBe(3);
    const two = await open({ manifest: createManifest({ signers }), seed: fill(32, 2) });
    expect(two.writable).toBeFalse();
    await expectAsync(two.append(abc)).toBeRejectedWith(code('ERR_READ_ONLY'));
  });

  it('tells what becomes of it', async () => {
    const log = await open({ seed });
    const changes: LogChange[] = [];
    let ended = false;
    log.changes.subscribe({ next: change => changes.push(change), complete: () => (ended = true) });
    await log.append(abc);
    await log.clear(1);
    await log.truncate(1);
    expect(changes).toEqual([
      { type: 'length', length: 3, byteLength: 6 },
      { type: 'have', start: 0, length: 3 },
      { type: 'drop', start: 1, length: 1 },
      { type: 'fork', fork: 1, ancestors: 1, length: 1 },
    ]);
    await log.close();
    expect(ended).toBeTrue();
  });

  describe('in several sessions', () => {
    it('is closed by the last of them', async () => {
      const storage = memoryStorage();
      const log = await open({ seed, storage });
      const session = log.session();
      await log.close();
      await log.close();
      const refusals: Promise<unknown>[] = [
        log.append(abc),
        log.truncate(0),
        log.clear(0),
        log.treeHash(),
        log.get(0),
        log.seek(0),
      ];
      for (const refused of refusals) {
        await expectAsync(refused).toBeRejectedWith(code('ERR_LOG_CLOSED'));
      }
      await session.append(abc);
      expect(session.length).toBe(3);
      await session.close();
      await expectAsync(session.get(0)).toBeRejectedWith(code('ERR_LOG_CLOSED'));
      expect((await open({ storage })).length).toBe(3);
    });

    it('finishes what was asked for before it was closed', async () => {
      const storage = memoryStorage();
      const log = await open({ seed, storage });
      const appended = log.append(abc);
      await log.close();
      expect((await appended).length).toBe(3);
      expect((await open({ storage })).length).toBe(3);
    });

    it('stays as it was in a snapshot', async () => {
      const log = await open({ seed });
      await log.append(abc);
      const snapshot = log.snapshot();
      await log.append(ascii('d'));
      expect([snapshot.length, snapshot.byteLength, snapshot.writable]).toEqual([3, 6, false]);
      await expectAsync(snapshot.get(3)).toBeRejectedWith(code('ERR_BLOCK_NOT_AVAILABLE'));
      await expectAsync(snapshot.append(abc)).toBeRejectedWith(code('ERR_READ_ONLY'));
      await log.truncate(1);
      await log.append([ascii('x'), ascii('y'), ascii('z')]);
      expect([snapshot.length, snapshot.fork, log.fork]).toEqual([3, 0, 1]);
      expect([snapshot.has(0), snapshot.has(1)]).toEqual([true, false]);
      expect(hex(await snapshot.get(0))).toBe(hex(ascii('a')));
      await expectAsync(snapshot.get(1)).toBeRejectedWith(code('ERR_BLOCK_NOT_AVAILABLE'));
    });

    it('tells nothing of another tree than its own in a snapshot', async () => {
      const log = await open({ seed });
      await log.append(abc); // a bb ccc
      const snapshot = log.snapshot();
      const hashes = [hex(await snapshot.treeHash(1)), hex(await snapshot.treeHash())];
      await log.truncate(1);
      const gone = code('ERR_BLOCK_NOT_AVAILABLE');
      for (const again of [false, true]) {
        if (again) await log.append([ascii('xxx'), ascii('y'), ascii('z')]);
        expect(hex(await snapshot.treeHash(1))).toBe(hashes[0]);
        for (const length of [2, 3]) await expectAsync(snapshot.treeHash(length)).toBeRejectedWith(gone);
        expect(await snapshot.seek(0)).toEqual({ index: 0, offset: 0 });
        for (const byte of [1, 3, 5]) await expectAsync(snapshot.seek(byte)).toBeRejectedWith(gone);
        expect(await snapshot.seek(6)).toEqual({ index: 3, offset: 0 });
        expect(snapshot.contiguousLength).toBe(1);
      }
      expect(hex(await log.treeHash())).not.toBe(hashes[1]);
      await expectAsync(snapshot.treeHash(4)).toBeRejectedWithError(RangeError);
    });
  });

  describe('as blocks', () => {
    const textsOf = async (log: Log, options = {}): Promise<string[]> => {
      const blocks = await firstValueFrom(log.blocks(options).pipe(toArray()));
      return blocks.map(({ index, value }) => `${index}:${String.fromCharCode(...value)}`);
    };

    it('gives a range, forwards and backwards', async () => {
      const log = await open({ seed });
      await log.append(abc);
      expect(await textsOf(log)).toEqual(['0:a', '1:bb', '2:ccc']);
      expect(await textsOf(log, { start: 1 })).toEqual(['1:bb', '2:ccc']);
      expect(await textsOf(log, { end: 2, reverse: true })).toEqual(['1:bb', '0:a']);
      expect(await textsOf(log, { start: 3 })).toEqual([]);
      expect(await textsOf(log, { start: 2, end: 1 })).toEqual([]);
      expect(() => log.blocks({ live: true, reverse: true })).toThrowError(RangeError);
      expect(() => log.blocks({ start: -1 })).toThrowError(RangeError);
    });

    it('goes on live, and ends where it is told or when the log is closed', async () => {
      const log = await open({ seed });
      await log.append(ascii('a'));
      const some = firstValueFrom(log.blocks({ live: true, end: 3 }).pipe(toArray()));
      const three = firstValueFrom(log.blocks({ live: true }).pipe(take(3), toArray()));
      const session = log.session();
      const all = firstValueFrom(session.blocks({ live: true, start: 1 }).pipe(toArray()));
      await log.append([ascii('b'), ascii('c')]);
      await log.append(ascii('d'));
      expect((await some).map(({ index }) => index)).toEqual([0, 1, 2]);
      expect((await three).map(({ index }) => index)).toEqual([0, 1, 2]);
      await new Promise(resolve => setTimeout(resolve, 5));
      await session.close();
      expect((await all).map(({ index }) => index)).toEqual([1, 2, 3]);
    });

    it('goes on live where the log is cut, whatever was read ahead', async () => {
      const log = await open({ seed });
      const letters = (text: string): Uint8Array[] => [...text].map(ascii);
      await log.append(letters('abcdef'));
      const blocks = log.blocks({ live: true, start: 1 });
      const seen: string[] = [];
      let pause: Unsubscribable = Subscription.EMPTY;
      const subscription = blocks.subscribe(({ index, value }) => {
        seen.push(`${index}:${String.fromCharCode(...value)}`);
        if (seen.length === 3) pause = blocks.pause();
      });
      const cutTo = async (length: number, text: string): Promise<void> => {
        await log.truncate(length);
        await log.append(letters(text));
        await new Promise(resolve => setTimeout(resolve, 5));
      };
      await new Promise(resolve => setTimeout(resolve, 5));
      await cutTo(2, 'vwxyz'); // 1 to 3 were taken, 4 and 5 are waiting
      pause.unsubscribe();
      await cutTo(6, 'A'); // the last one was taken
      await cutTo(7, 'B'); // nothing that was
      await cutTo(0, 'st'); // and what lies before the start is of no interest
      expect(seen.join(' ')).toBe('1:b 2:c 3:d 2:v 3:w 4:x 5:y 6:z 6:A 7:B 1:t');
      subscription.unsubscribe();
    });

    it('errors at a block that is not here', async () => {
      const log = await open({ seed });
      await log.append(abc);
      await log.clear(1);
      await expectAsync(firstValueFrom(log.blocks().pipe(toArray()))).toBeRejectedWith(
        code('ERR_BLOCK_NOT_AVAILABLE'),
      );
      expect(await textsOf(log, { end: 1 })).toEqual(['0:a']);
    });

    it('reads no further than its window while it is paused', async () => {
      const log = await open({ seed });
      await log.append(Array.from({ length: 100 }, (_, i) => Uint8Array.of(i)));
      const get = spyOn(log, 'get').and.callThrough();
      const blocks = log.blocks({ window: 4 });
      const seen: number[] = [];
      let pause = blocks.pause();
      const subscription = blocks.subscribe(({ index }) => {
        seen.push(index);
        if (index === 9) pause = blocks.pause();
      });
      await new Promise(resolve => setTimeout(resolve, 5));
      expect(get.calls.count()).toBe(0);
      pause.unsubscribe();
      pause.unsubscribe();
      await new Promise(resolve => setTimeout(resolve, 5));
      expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(get.calls.count()).toBeLessThanOrEqual(14);
      pause.unsubscribe();
      await new Promise(resolve => setTimeout(resolve, 20));
      expect(seen.length).toBe(100);
      subscription.unsubscribe();
    });

    it('reads nothing more once it is unsubscribed', async () => {
      const log = await open({ seed });
      await log.append(Array.from({ length: 100 }, (_, i) => Uint8Array.of(i)));
      const get = spyOn(log, 'get').and.callThrough();
      await firstValueFrom(log.blocks({ window: 2 }).pipe(take(5), toArray()));
      const calls = get.calls.count();
      await new Promise(resolve => setTimeout(resolve, 5));
      expect(get.calls.count()).toBe(calls);
      expect(calls).toBeLessThanOrEqual(7);
    });
  });

  it('is frozen once its writer signed two trees of one length', async () => {
    const [one, two] = [await open({ seed }), await open({ seed })];
    await one.append([ascii('a'), ascii('b')]);
    await two.append([ascii('a'), ascii('x')]);
    const reader = await open({ key: one.key });
    await upgrade(one, reader);
    const changes: LogChange[] = [];
    reader.changes.subscribe(change => changes.push(change));
    const evidence = (await two.core.prove({
      type: 'request',
      id: 0,
      fork: 0,
      block: null,
      hash: null,
      seek: null,
      upgrade: { start: 0, length: 2 },
      manifest: false,
      priority: 0,
    }))!;
    await expectAsync(reader.core.receive(evidence)).toBeRejectedWith(code('ERR_CONFLICT'));
    expect(changes).toEqual([{ type: 'conflict', error: jasmine.any(ConflictError) }]);
    await expectAsync(reader.core.receive(evidence)).toBeRejectedWith(code('ERR_CONFLICT'));
    expect(hex(await reader.treeHash())).toBe(hex(await one.treeHash()));
  });

  it('takes in no tree that is longer than what it could store, however well it is signed', async () => {
    const pair = crypto.keyPair(seed);
    const hasher = new TreeHasher(crypto);
    const reader = await open({ key: pair.publicKey });
    for (const length of [2 ** 32, 2 ** 31]) {
      const root = { index: length - 1, size: 5, hash: fill(32, 1) };
      const head = { fork: 0, length, byteLength: 5, roots: [root], signature: null };
      const signature = new SignatureRules(hasher, pair.publicKey, null).sign(head, pair);
      const upgraded = data({
        request: 1,
        upgrade: { start: 0, length, nodes: [root], additionalNodes: [], signature },
      });
      const received = reader.core.receive(upgraded);
      if (length > 2 ** 31) await expectAsync(received).toBeRejectedWith(code('ERR_LIMIT_EXCEEDED'));
      else expect(await received).toEqual({ block: -1, upgraded: true });
      expect(reader.length).toBe(length > 2 ** 31 ? 0 : length);
    }
  });
});
