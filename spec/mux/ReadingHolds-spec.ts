import { ReadingHolds } from '../../lib/mux/ReadingHolds.js';

function setUp() {
  const log: string[] = [];
  const holds = new ReadingHolds(
    () => log.push('stop'),
    () => log.push('go on'),
  );
  return { holds, log };
}

describe('ReadingHolds', () => {
  it('stops for the first and goes on after the last, in whichever order they let go', () => {
    const { holds, log } = setUp();
    const first = holds.hold();
    const second = holds.hold();
    first.unsubscribe();
    first.unsubscribe();
    expect(log).toEqual(['stop']);
    const third = holds.hold();
    second.unsubscribe();
    expect(log).toEqual(['stop']);
    third.unsubscribe();
    expect(log).toEqual(['stop', 'go on']);
    holds.hold().unsubscribe();
    expect(log).toEqual(['stop', 'go on', 'stop', 'go on']);
  });

  it('asks for nothing after the end', () => {
    const { holds, log } = setUp();
    const hold = holds.hold();
    holds.end();
    hold.unsubscribe();
    expect(holds.hold().closed).toBeTrue();
    expect(log).toEqual(['stop']);
  });

  it('may be held again while it goes on', () => {
    const log: string[] = [];
    const holds: ReadingHolds = new ReadingHolds(
      () => log.push('stop'),
      () => {
        log.push('go on');
        if (log.length === 2) holds.hold();
      },
    );
    holds.hold().unsubscribe();
    expect(log).toEqual(['stop', 'go on', 'stop']);
  });
});
