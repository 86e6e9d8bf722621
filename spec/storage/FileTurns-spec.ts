import { FileTurns } from '../../lib/storage/FileTurns.js';

describe('FileTurns', () => {
  function job(log: string[], name: string) {
    let end!: (error?: Error) => void;
    const ended = new Promise<string>((resolve, reject) => {
      end = error => (error ? reject(error) : resolve(name));
    });
    return {
      end,
      run: () => {
        log.push(name);
        return ended;
      },
    };
  }

  it('runs reads beside each other, and a change alone', async () => {
    const log: string[] = [];
    const turns = new FileTurns();
    const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map(name => job(log, name));
    const all = [
      turns.shared(a.run),
      turns.shared(b.run),
      turns.alone(c.run),
      turns.shared(d.run),
      turns.shared(e.run),
    ];
    expect(log.join('')).toBe('ab');
    b.end();
    await all[1];
    expect(log.join('')).toBe('ab');
    a.end();
    await all[0];
    expect(log.join('')).toBe('abc');
    c.end();
    await all[2];
    expect(log.join('')).toBe('abcde');
    e.end();
    d.end();
    expect((await Promise.all(all)).join('')).toBe('abcde');
  });

  it('goes on after a job that failed, or threw at once', async () => {
    const log: string[] = [];
    const turns = new FileTurns();
    const a = job(log, 'a');
    const failed = turns.alone(a.run);
    const thrown = turns.shared(() => {
      throw new Error('at once');
    });
    const last = turns.alone(() => Promise.resolve('last'));
    a.end(new Error('no'));
    await expectAsync(failed).toBeRejectedWithError('no');
    await expectAsync(thrown).toBeRejectedWithError('at once');
    expect(await last).toBe('last');
  });
});
