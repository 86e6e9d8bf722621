import { webLock } from '../../lib/storage/browser/webLock.js';

type Grant = (lock: Lock | null) => Promise<unknown>;

/** A browser that has no time for whoever waits, and tells whoever asks at once whether a lock is to be had. */
class BusyLocks {
  readonly held = new Set<string>();
  readonly asked: string[] = [];

  readonly request = (name: string, options: LockOptions, grant: Grant): Promise<unknown> => {
    this.asked.push(options.ifAvailable === true ? 'at once' : 'waiting');
    if (options.ifAvailable !== true) return this.waitForEver(options.signal!);
    if (this.held.has(name)) return grantNow(grant, null);
    this.held.add(name);
    const given = grantNow(grant, { name, mode: options.mode ?? 'exclusive' });
    return given.finally(() => this.held.delete(name));
  };

  private waitForEver(signal: AbortSignal): Promise<never> {
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
  }
}

async function grantNow(grant: Grant, lock: Lock | null): Promise<unknown> {
  await Promise.resolve();
  return grant(lock);
}

const take = (locks: BusyLocks, folder: string): Promise<() => Promise<void>> =>
  webLock(locks as unknown as LockManager, 'site', folder, 1);

describe('webLock in a browser that is busy', () => {
  it('takes a lock that nobody has, although nobody came to give it in time', async () => {
    const locks = new BusyLocks();
    const release = await take(locks, 'a');
    expect(locks.asked).toEqual(['waiting', 'at once', 'waiting', 'at once']);
    expect([...locks.held]).toEqual(['rx-hypercore/site/', 'rx-hypercore/site/a']);
    await release();
    expect(locks.held.size).toBe(0);
  });

  it('leaves one that somebody has, and gives back what it took on the way', async () => {
    const locks = new BusyLocks();
    locks.held.add('rx-hypercore/site/a');
    await expectAsync(take(locks, 'a')).toBeRejectedWith(
      jasmine.objectContaining({ code: 'ERR_STORAGE_LOCKED', file: 'a' }),
    );
    expect([...locks.held]).toEqual(['rx-hypercore/site/a']);
  });

  it('passes on what else goes wrong', async () => {
    const broken = new Error('not allowed here');
    const locks = { request: () => Promise.reject(broken) } as unknown as LockManager;
    await expectAsync(webLock(locks, 'site', 'a', 1000)).toBeRejectedWith(broken);
  });
});
