import { VirtualTimeScheduler } from 'rxjs';
import { LinkClock } from '../../lib/secret/LinkClock.js';

/** A clock of 100 ms for hearing and 30 ms for speaking, and what it said when. */
function setUp(idleTimeoutMs = 100, keepAliveMs = 30) {
  const scheduler = new VirtualTimeScheduler();
  const told: string[] = [];
  const say = (what: string) => (): void => {
    told.push(`${what} at ${scheduler.now()}`);
  };
  const owner = { onIdle: say('idle'), onQuiet: say('quiet') };
  const clock: LinkClock = new LinkClock(scheduler, idleTimeoutMs, keepAliveMs, owner);
  const at = (ms: number, act: () => void): void => void scheduler.schedule(act, ms);
  const run = (until: number): string[] => {
    at(until, () => clock.stop());
    scheduler.flush();
    return told;
  };
  return { clock, owner, at, run };
}

describe('LinkClock', () => {
  it('tells each time when the remote was silent, and when this side was', () => {
    const { clock, run } = setUp();
    clock.listen();
    clock.talk();
    expect(run(205)).toEqual([
      'quiet at 30',
      'quiet at 60',
      'quiet at 90',
      'idle at 100',
      'quiet at 120',
      'quiet at 150',
      'quiet at 180',
      'idle at 200',
    ]);
  });

  it('waits from the last time that something happened', () => {
    const { clock, at, run } = setUp();
    clock.listen();
    clock.talk();
    for (const ms of [20, 40, 60]) at(ms, () => clock.said());
    at(99, () => clock.heard());
    expect(run(200)).toEqual(['quiet at 90', 'quiet at 120', 'quiet at 150', 'quiet at 180', 'idle at 199']);
  });

  it('begins the shorter wait while the longer one runs, and the longer while the shorter does', () => {
    const late = setUp();
    late.clock.listen();
    late.at(50, () => late.clock.talk());
    expect(late.run(115)).toEqual(['quiet at 80', 'idle at 100', 'quiet at 110']);
    const longer = setUp(30, 100);
    longer.clock.listen();
    longer.at(10, () => longer.clock.talk());
    expect(longer.run(115)).toEqual(['idle at 30', 'idle at 60', 'idle at 90', 'quiet at 110']);
  });

  it('never tells of a wait of 0, nor of one that was not begun, nor after it was stopped', () => {
    for (const [idle, quiet] of [
      [0, 0],
      [100, 0],
    ]) {
      const { clock, run } = setUp(idle, quiet);
      clock.talk();
      expect(run(1000)).toEqual([]);
    }
    const { clock, at, run } = setUp(100, 30);
    clock.listen();
    clock.talk();
    at(45, () => clock.stop());
    expect(run(1000)).toEqual(['quiet at 30']);
  });

  it('says nothing more if it is stopped by what it told', () => {
    const { clock, owner, at, run } = setUp(60, 30);
    const { onIdle } = owner;
    owner.onIdle = () => {
      onIdle();
      clock.stop();
    };
    clock.listen();
    clock.talk();
    at(30, () => clock.said()); // both are due at 60
    expect(run(1000)).toEqual(['quiet at 30', 'idle at 60']);
  });
});
