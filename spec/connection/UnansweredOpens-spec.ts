import { VirtualTimeScheduler } from 'rxjs';
import { UnansweredOpens } from '../../lib/connection/UnansweredOpens.js';
import type { PairRequest } from '../../lib/mux/MuxState.js';
import { fill } from '../helpers/bytes.js';

interface Request extends PairRequest {
  parked: boolean;
}

describe('UnansweredOpens', () => {
  let scheduler: VirtualTimeScheduler;
  let settled: string[];
  beforeEach(() => {
    scheduler = new VirtualTimeScheduler();
    settled = [];
  });

  const request = (name: string, id = fill(32, name.charCodeAt(0))): Request => ({
    protocol: 'p',
    id,
    parked: true,
    settle: () => settled.push(name),
  });

  it('answers each when its time is up, once', () => {
    const opens = new UnansweredOpens(100, scheduler);
    opens.add(request('a'));
    scheduler.schedule(() => opens.add(request('b')), 60);
    scheduler.schedule(() => opens.reject(fill(32, 0x61)), 130);
    scheduler.schedule(() => expect(settled).toEqual(['a']), 159);
    scheduler.flush();
    expect(settled).toEqual(['a', 'b']);
    expect([opens.size, scheduler.frame]).toEqual([0, 160]);
  });

  it('answers all of one key, and no other, when asked to, with or without a time', () => {
    for (const answerTimeoutMs of [0, 100]) {
      settled = [];
      const opens = new UnansweredOpens(answerTimeoutMs, new VirtualTimeScheduler());
      for (const name of ['a', 'b', 'a', 'c']) opens.add(request(name));
      opens.reject(fill(32, 0x61));
      opens.reject(fill(32, 0x7a));
      expect(settled).toEqual(['a', 'a']);
      expect(opens.size).toBe(2);
      opens.clear();
      expect(opens.size).toBe(0);
    }
  });

  it('holds no more than twice those that wait, however often the remote takes one back', () => {
    const opens = new UnansweredOpens(0, scheduler);
    const waiting = Array.from({ length: 100 }, (_, i) => request(`w${i}`));
    for (const one of waiting) opens.add(one);
    let most = 0;
    for (let i = 0; i < 10_000; i++) {
      const one = request('x', fill(32, i & 0xff));
      opens.add(one);
      one.parked = false;
      most = Math.max(most, opens.size);
    }
    expect(most).toBeLessThanOrEqual(2 * 101);
    expect(settled.length).toBeGreaterThan(9_700);
    expect(settled.every(name => name === 'x')).toBeTrue();
  });

  it('finds the opens of a key without looking at the others', () => {
    const opens = new UnansweredOpens(10_000, scheduler);
    const ids = Array.from({ length: 16_384 }, (_, i) => {
      const id = fill(32, 0);
      id.set([i & 0xff, i >> 8]);
      return id;
    });
    for (const id of ids) opens.add(request('x', id));
    const started = performance.now();
    for (const id of ids.reverse()) opens.reject(id);
    expect(performance.now() - started).toBeLessThan(2_000); // by looking at all of them it took minutes
    expect(settled.length).toBe(16_384);
  });
});
