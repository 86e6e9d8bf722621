import { ChannelClosedError, isHypercoreError } from '../../lib/errors.js';
import { misbehaviours } from '../../lib/testing/hostile/misbehaviours.js';
import { Battle, key, small, told } from './Battle.js';

describe('a hostile peer', () => {
  const all = misbehaviours({ key, limits: small });

  it('has many ways, each with a name of its own', () => {
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    expect(new Set(all.map(({ does }) => does)).size).toBe(all.length);
    expect(all.length).toBeGreaterThan(80);
    const withoutKey = misbehaviours({ limits: small });
    expect(withoutKey.length).toBeLessThan(all.length);
    expect(misbehaviours().some(({ name }) => name === 'frame too large')).toBeFalse();
  });

  for (const misbehaviour of all) {
    const { name, does, phase, expected } = misbehaviour;
    for (const victimDials of [false, true]) {
      it(`that ${does} (${name}), ${victimDials ? 'dialled' : 'dialling'}`, () => {
        const battle = new Battle({ misbehaviour, victimDials, session: phase !== 'handshake' });
        // Longer than any wait there is; but a connection on which nothing is wrong is to be alive at the end.
        battle.pass(expected.ends === 'connection' ? 200_000 : name === 'frame dripped' ? 1_000_000 : 50_000);
        const { failure, channelFailure, log } = battle;
        const verdict = [expected.code, expected.limit].filter(Boolean).join(' ');
        if (expected.ends === 'connection') {
          expect(told(failure)).toBe(`connection ${verdict}`);
          expect(isHypercoreError(failure)).toBeTrue();
          expect(channelFailure).toBeInstanceOf(ChannelClosedError);
          expect((channelFailure as Error).cause).toBe(failure);
          expect(log.filter(entry => entry === 'events failed').length).toBe(1);
          if (name !== 'cut in a record') expect(battle.seen.at(-1)?.type).toBe('end');
          expect(battle.seen.length).toBeLessThan(name === 'flood of unknown protocols' ? 80 : 10);
        } else {
          expect(failure).toBeNull();
          expect(battle.seen.map(({ type }) => type)).not.toContain('end');
          if (expected.ends === 'channel') expect(told(channelFailure)).toBe(`channel ${verdict}`);
          expect(log).not.toContain('events failed');
          // The connection is as good as before.
          const again = battle.protocol.open(key.map(byte => byte + 1));
          battle.protocol.close();
          battle.pass(10_000);
          expect(again.closed).toBeFalse();
          expect(log.slice(-2)).toEqual(['events complete', 'closed']);
        }
        if (expected.ends !== 'nothing') {
          expect(log.filter(entry => entry === 'channel failed').length).toBe(1);
          expect(battle.messages).toEqual([]);
        }
        expect(battle.protocol.channels).toEqual([]);
        expect(battle.timers).withContext('timers that still run').toBe(0);
      });
    }
  }
});
