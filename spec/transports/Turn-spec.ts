import { asapScheduler, queueScheduler } from 'rxjs';
import { Turn } from '../../lib/transports/Turn.js';
import { marbles } from '../helpers/marbles.js';

describe('Turn', () => {
  const turns = async (turn: Turn, times: number, done: () => number): Promise<void> => {
    for (let n = 1; n <= times; n++) {
      turn.schedule();
      await Promise.resolve();
      await Promise.resolve();
      expect(done()).toBe(n);
    }
  };

  it('does its work in a microtask, each time it is asked', async () => {
    let done = 0;
    const turn = new Turn(undefined, () => done++);
    turn.schedule();
    expect(done).toBe(0);
    await Promise.resolve();
    expect(done).toBe(1);
    done = 0;
    await turns(turn, 3, () => done);
  });

  it('does it on the scheduler it is given', async () => {
    let done = 0;
    await turns(new Turn(asapScheduler, () => done++), 3, () => done);
    done = 0;
    new Turn(queueScheduler, () => done++).schedule();
    expect(done).toBe(1);
  });

  it('may be asked again by the work itself', async () => {
    for (const scheduler of [undefined, asapScheduler]) {
      let done = 0;
      const turn: Turn = new Turn(scheduler, () => {
        if (++done < 4) turn.schedule();
      });
      turn.schedule();
      for (let n = 0; n < 12; n++) await Promise.resolve();
      expect(done).toBe(4);
    }
  });

  it('is part of the virtual time of a marble test', () => {
    marbles(({ expectObservable, cold }) => {
      let done = 0;
      const turn = new Turn(undefined, () => done++);
      cold('--a').subscribe(() => turn.schedule());
      cold('---a').subscribe(() => expect(done).toBe(1));
      expectObservable(cold('-')).toBe('-');
    });
  });
});
