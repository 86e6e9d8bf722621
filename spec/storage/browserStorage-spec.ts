import { isHypercoreError } from '../../lib/errors.js';
import type { BrowserEnvironment } from '../../lib/storage/browser/BrowserEnvironment.js';
import { browserEnvironment } from '../../lib/storage/browser/BrowserEnvironment.js';
import {
  type BrowserStorage,
  browserStorage,
  type BrowserStorageKind,
  type BrowserStorageOptions,
} from '../../lib/storage/browser/browserStorage.js';
import { storageCompliance } from '../../lib/testing/storageCompliance.js';
import { Random } from '../helpers/random.js';

const nothing: BrowserEnvironment = {
  storage: null,
  locks: null,
  indexedDB: null,
  syncHandles: false,
  startWorker: null,
};

const inBrowser = typeof document !== 'undefined';

/** A name that no earlier run has used. */
let names = 0;
const freshName = () => `spec-${Date.now().toString(36)}-${names++}`;

async function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'none',
    (error: unknown) => (isHypercoreError(error) ? error.code : String(error)),
  );
}

describe('browserStorage', () => {
  it('refuses names and options that are none', () => {
    expect(() => browserStorage('')).toThrowError(RangeError);
    expect(() => browserStorage('a/b')).toThrowError(RangeError);
    expect(() => browserStorage('..')).toThrowError(RangeError);
    expect(() => browserStorage('a', { use: [] })).toThrowError(RangeError);
  });

  it('says what it found missing, and fails if nothing is left', async () => {
    const storage = browserStorage('a', { environment: nothing });
    expect(await codeOf(storage.choice)).toBe('ERR_STORAGE_FAILED');
    expect(await codeOf(storage.open('a'))).toBe('ERR_STORAGE_FAILED');
    expect(await storage.persisted).toBeFalse();
    const kept = browserStorage('a', { environment: nothing, use: ['opfs', 'indexeddb', 'memory'] });
    expect(await kept.choice).toEqual({
      kind: 'memory',
      lockedBy: 'nothing',
      passedOver: [
        { kind: 'opfs', reason: 'there is no private file system' },
        { kind: 'indexeddb', reason: 'there is no IndexedDB' },
      ],
    });
    await kept.close();
    expect(await codeOf(kept.open('a'))).toBe('ERR_LOG_CLOSED');
  });

  it('touches nothing before it is used', () => {
    const environment = new Proxy(nothing, {
      get: (_, part): never => {
        throw new Error(`looked at ${String(part)}`);
      },
    });
    expect(() => browserStorage('a', { environment })).not.toThrow();
  });

  it('does not go on to another kind when one that is there fails', async () => {
    const storage = {} as StorageManager;
    const failing = {
      postMessage([[id]]: [[number]]) {
        const failure = { name: 'UnknownError', message: 'broken' };
        failing.onmessage({ data: [[id, null, failure]] });
      },
      terminate() {},
      onmessage: (_: unknown) => {},
    };
    const broken = browserStorage('a', {
      environment: { ...nothing, storage, startWorker: () => failing as unknown as Worker },
      use: ['opfs', 'memory'],
      persist: false,
    });
    expect(await codeOf(broken.choice)).toBe('ERR_STORAGE_FAILED');
  });

  it('asks for persistence unless told not to, and does not wait for the answer', async () => {
    let asked = 0;
    const storage = {
      persist: () => {
        asked++;
        return new Promise<boolean>(() => {});
      },
      persisted: () => Promise.resolve(true),
    } as unknown as StorageManager;
    const environment = { ...nothing, storage };
    const options: BrowserStorageOptions = { environment, use: ['memory'] };
    await browserStorage('a', options).choice;
    expect(asked).toBe(1);
    const quiet = browserStorage('a', { ...options, persist: false });
    await quiet.choice;
    expect(asked).toBe(1);
    expect(await quiet.persisted).toBeTrue();
  });

  it('gives up on a worker that does not start in time, and passes over one that cannot', async () => {
    const storage = {} as StorageManager;
    const ended: string[] = [];
    const worker = (name: string) => {
      const stub: unknown = { postMessage() {}, terminate: () => ended.push(name) };
      return stub as Worker;
    };
    const silent = browserStorage('a', {
      environment: { ...nothing, storage, startWorker: () => worker('silent') },
      use: ['opfs', 'memory'],
      persist: false,
      workerTimeoutMs: 10,
    });
    expect(await codeOf(silent.choice)).toBe('ERR_STORAGE_FAILED');
    const forbidden = worker('forbidden');
    const refuse = () => {
      const event: unknown = { preventDefault() {}, message: '' };
      forbidden.onerror?.call(forbidden, event as ErrorEvent);
    };
    const passed = browserStorage('a', {
      environment: {
        ...nothing,
        storage,
        startWorker: () => {
          setTimeout(refuse);
          return forbidden;
        },
      },
      use: ['opfs', 'memory'],
      persist: false,
    });
    expect((await passed.choice).kind).toBe('memory');
    expect(ended).toEqual(['silent', 'forbidden']);
  });
});

if (inBrowser) {
  describe('browserStorage in a browser', () => {
    const storages: BrowserStorage[] = [];
    const open = (name: string, options: BrowserStorageOptions = {}) => {
      const storage = browserStorage(name, { persist: false, lockTimeoutMs: 100, ...options });
      storages.push(storage);
      return storage;
    };
    afterEach(async () => {
      await Promise.all(storages.splice(0).map(storage => storage.close()));
    });

    const random = new Random('browserStorage');
    const kinds: BrowserStorageKind[] = ['opfs', 'indexeddb'];
    for (const kind of kinds) {
      describe(`as ${kind}`, () => {
        for (const { what, check } of storageCompliance({ seed: random.seed })) {
          it(what, () => {
            const name = freshName();
            return check({ open: () => open(name, { use: [kind] }) });
          });
        }

        it('fails what is asked after it was closed, and closes its files', async () => {
          const storage = open(freshName(), { use: [kind] });
          const file = await storage.open('a');
          await file.write(0, Uint8Array.of(1));
          await storage.close();
          expect(await codeOf(file.read(0, 1))).toBe('ERR_LOG_CLOSED');
          expect(await codeOf(storage.open('b'))).toBe('ERR_LOG_CLOSED');
          await file.close();
        });

        it('writes many small pieces at a pace', async () => {
          const storage = open(freshName(), { use: [kind] });
          const file = await storage.open('a');
          const piece = new Uint8Array(1024).fill(7);
          const start = performance.now();
          const count = 5000;
          for (let i = 0; i < count; i += 100) {
            const writes: Promise<void>[] = [];
            for (let j = 0; j < 100; j++) writes.push(file.write((i + j) * 1024, piece));
            await Promise.all(writes);
          }
          await file.flush();
          const rate = (count / (performance.now() - start)) * 1000;
          console.log(`  ${kind}: ${Math.round(rate)} writes of 1 KiB a second, a hundred at a time`);
          expect(rate).toBeGreaterThan(1000);
        });
      });
    }

    it('does all of it inside a worker, too, without another worker', async () => {
      const worker = new Worker(new URL('./complianceWorker.ts', import.meta.url), { type: 'module' });
      const failures = await new Promise<unknown>((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = event => reject(new Error(event.message));
        worker.postMessage({ name: freshName(), seed: random.seed });
      });
      worker.terminate();
      expect(failures).toEqual([]);
    });

    it('takes the private file system first, under Web Locks', async () => {
      const choice = await open(freshName()).choice;
      expect(choice).toEqual({ kind: 'opfs', lockedBy: 'web-locks', passedOver: [] });
    });

    it('goes on to IndexedDB without a private file system, and says so', async () => {
      const environment = { ...browserEnvironment(), storage: null };
      const choice = await open(freshName(), { environment }).choice;
      expect(choice.kind).toBe('indexeddb');
      expect(choice.passedOver.map(({ kind }) => kind)).toEqual(['opfs']);
    });

    it('locks by files where there are no Web Locks, and not at all in IndexedDB', async () => {
      const environment = { ...browserEnvironment(), locks: null };
      const name = freshName();
      const [one, other] = [open(name, { environment }), open(name, { environment })];
      expect((await one.choice).lockedBy).toBe('files');
      const unlock = await one.lock('a');
      expect(await codeOf(other.lock('a'))).toBe('ERR_STORAGE_LOCKED');
      await unlock();
      await (
        await other.lock('a')
      )();
      expect((await open(name, { environment, use: ['indexeddb'] }).choice).lockedBy).toBe('nothing');
    });

    it('gives a lock back when its worker is gone', async () => {
      const environment = { ...browserEnvironment(), locks: null };
      const name = freshName();
      const one = open(name, { environment });
      await one.lock('a');
      await (await one.open('a/data')).write(0, Uint8Array.of(1));
      await one.close();
      const other = open(name, { environment });
      await other.lock('a');
      expect(await (await other.open('a/data')).read(0, 1)).toEqual(Uint8Array.of(1));
    });

    it('keeps a folder and what lies in it from being locked at once, across storages', async () => {
      const name = freshName();
      const [one, other] = [open(name), open(name)];
      const unlock = await one.lock('a/b');
      for (const folder of ['', 'a', 'a/b', 'a/b/c']) {
        expect(await codeOf(other.lock(folder))).toBe('ERR_STORAGE_LOCKED');
      }
      const beside = await other.lock('a/c');
      await unlock();
      await beside();
      await (
        await other.lock('')
      )();
    });

    it('gives room back in IndexedDB when something is punched', async () => {
      const name = freshName();
      const storage = open(name, { use: ['indexeddb'] });
      const file = await storage.open('a');
      await file.write(0, new Uint8Array(1 << 20).fill(1));
      await file.flush();
      await file.punch(1, (1 << 20) - 2);
      await file.flush();
      expect(await pagesIn(name)).toBe(2);
      expect((await file.read(0, 2))!.join()).toBe('1,0');
    });
  });
}

function pagesIn(name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(`rx-hypercore/${name}`);
    opening.onerror = () => reject(opening.error ?? new Error());
    opening.onsuccess = () => {
      const counting = opening.result.transaction('pages').objectStore('pages').count();
      counting.onsuccess = () => {
        opening.result.close();
        resolve(counting.result);
      };
    };
  });
}
