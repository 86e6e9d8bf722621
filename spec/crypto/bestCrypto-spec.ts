import { lastValueFrom, of, toArray } from 'rxjs';
import { bestCrypto, cryptoUpgrades } from '../../lib/crypto/bestCrypto.js';
import type { CryptoBackend } from '../../lib/crypto/CryptoBackend.js';
import { firstBackend } from '../../lib/crypto/firstBackend.js';
import { libsodiumCrypto } from '../../lib/crypto/libsodium/libsodium.js';
import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import { upgradesTo } from '../../lib/crypto/upgradesTo.js';

const named = (name: string): CryptoBackend => ({ ...portableCrypto, name });

describe('bestCrypto', () => {
  it('is libsodium in WASM where there is no addon', async () => {
    expect(await bestCrypto()).toBe(await libsodiumCrypto());
  });

  it('takes the first that can be had, and asks no further', async () => {
    const asked: string[] = [];
    const candidate = (name: string, works: boolean) => async () => {
      asked.push(name);
      if (!works) throw new Error('not installed');
      return named(name);
    };
    const best = await firstBackend([candidate('a', false), candidate('b', true), candidate('c', true)]);
    expect(best.name).toBe('b');
    expect(asked).toEqual(['a', 'b']);
    expect(await firstBackend([candidate('d', false)])).toBe(portableCrypto);
    expect(await firstBackend([])).toBe(portableCrypto);
  });
});

describe('cryptoUpgrades', () => {
  it('begins with the portable backend in the same turn, and goes on with the best', async () => {
    const seen: string[] = [];
    const subscription = cryptoUpgrades().subscribe(({ name }) => seen.push(name));
    expect(seen).toEqual(['portable']);
    await bestCrypto();
    await Promise.resolve();
    expect(subscription.closed).toBe(true);
    expect(seen).toEqual(['portable', 'libsodium-wasm']);
  });

  it('says nothing more where nothing better can be had', async () => {
    const all = await lastValueFrom(upgradesTo(() => Promise.resolve(portableCrypto)).pipe(toArray()));
    expect(all).toEqual([portableCrypto]);
  });

  it('loads nothing before it is subscribed, and nothing for one that has unsubscribed', () => {
    let loads = 0;
    const upgrades = upgradesTo(() => {
      loads++;
      return lastValueFrom(of(named('best')));
    });
    expect(loads).toBe(0);
    upgrades.subscribe().unsubscribe();
    expect(loads).toBe(1);
  });
});
