import { VirtualTimeScheduler } from 'rxjs';
import { Deadlines } from '../../lib/connection/Deadlines.js';

describe('Deadlines', () => {
  function setUp(afterMs: number) {
    const scheduler = new VirtualTimeScheduler();
    const expired: string[] = [];
    const deadlines = new Deadlines<string>(afterMs, scheduler, item =>
      expired.push(`${item}@${scheduler.now()}`),
    );
    const at = (ms: number, step: () => void): void => void scheduler.schedule(step, ms);
    return { scheduler, expired, deadlines, at };
  }

  it('ends each wait on its own time', () => {
    const { scheduler, expired, deadlines, at } = setUp(100);
    at(0, () => deadlines.add('a'));
    at(30, () => deadlines.add('b'));
    at(60, () => deadlines.add('c'));
    at(110, () => deadlines.delete('b'));
    scheduler.flush();
    expect(expired).toEqual(['a@100', 'c@160']);
  });

  it('keeps one timer for all waits, and none when nothing waits', () => {
    const { scheduler, expired, deadlines, at } = setUp(100);
    at(0, () => {
      for (let i = 0; i < 1000; i++) deadlines.add(`${i}`);
      expect(scheduler.actions.length).toBeLessThan(5);
    });
    at(50, () => {
      for (let i = 0; i < 1000; i++) deadlines.delete(`${i}`);
      expect(deadlines.items()).toEqual([]);
    });
    scheduler.flush();
    expect(expired).toEqual([]);
  });

  it('takes additions while it expires', () => {
    const scheduler = new VirtualTimeScheduler();
    const expired: number[] = [];
    const deadlines: Deadlines<number> = new Deadlines(10, scheduler, item => {
      expired.push(item);
      if (item < 3) deadlines.add(item + 1);
    });
    deadlines.add(1);
    deadlines.add(7);
    scheduler.flush();
    expect(expired).toEqual([1, 7, 2, 3]);
    expect(scheduler.now()).toBe(30);
  });

  it('never ends a wait of 0', () => {
    const { scheduler, expired, deadlines, at } = setUp(0);
    at(0, () => deadlines.add('a'));
    scheduler.flush();
    expect(expired).toEqual([]);
    expect(deadlines.items()).toEqual([]);
  });
});
