import { Subject, take, toArray } from 'rxjs';
import type { Transport } from '../../lib/transports/Transport.js';
import { memoryPair } from '../../lib/transports/memoryPair.js';
import { marbles } from '../helpers/marbles.js';

const chunk = (...bytes: number[]): Uint8Array => new Uint8Array(bytes);
const turn = (): Promise<void> => new Promise(resolve => setTimeout(resolve));

describe('memoryPair', () => {
  it('carries chunks both ways, in order, never synchronously', async () => {
    const [here, there] = memoryPair();
    const got: string[] = [];
    here.subscribe(({ length }) => got.push(`here ${length}`));
    there.subscribe(({ length }) => got.push(`there ${length}`));
    here.next(chunk(1));
    here.next(chunk(1, 2));
    there.next(chunk(1, 2, 3));
    expect(got).toEqual([]);
    await turn();
    expect(got.sort()).toEqual(['here 3', 'there 1', 'there 2']);
  });

  it('keeps what comes before the first subscriber, and gives it to one at a time', async () => {
    const [here, there] = memoryPair();
    here.next(chunk(1));
    here.complete();
    await turn();
    const got: Uint8Array[][] = [];
    there.pipe(toArray()).subscribe(chunks => got.push(chunks));
    const second: unknown[] = [];
    there.subscribe({ error: error => second.push(error) });
    expect(second).toEqual([jasmine.any(TypeError)]);
    await turn();
    expect(got).toEqual([[chunk(1)]]);
  });

  it('lends chunks to who borrows them, and knows whether it has them back', async () => {
    const [here, there] = memoryPair();
    const got: unknown[] = [];
    const borrower = new Subject<Uint8Array>();
    borrower.subscribe(({ length }) => got.push(length, here.allSent));
    const loan = there.lend!(borrower);
    expect(here.allSent).toBe(true);
    here.next(chunk(1, 2, 3));
    expect(here.allSent).toBe(false);
    await turn();
    expect(got).toEqual([3, false]); // not while it is read
    expect(here.allSent).toBe(true);

    loan.unsubscribe();
    const kept = there.subscribe();
    here.next(chunk(1));
    await turn();
    expect(here.allSent).toBe(false); // who was given it may keep it
    kept.unsubscribe();
    there.lend!(borrower);
    here.next(chunk(1));
    await turn();
    expect(here.allSent).toBe(false);
  });

  it('ends one direction by complete, both by error', async () => {
    const [here, there] = memoryPair();
    const log: string[] = [];
    const watch = (name: string, end: Transport): void => {
      end.subscribe({
        next: () => log.push(`${name} next`),
        error: () => log.push(`${name} error`),
        complete: () => log.push(`${name} complete`),
      });
    };
    watch('here', here);
    watch('there', there);
    here.complete();
    here.next(chunk(1)); // after the end: nothing
    there.next(chunk(2));
    await turn();
    there.error(new Error('cut'));
    there.next(chunk(3));
    await turn();
    expect(log.sort()).toEqual(['here error', 'here next', 'there complete']);
  });

  it('stops at unsubscription in the middle and goes on with the next subscriber', async () => {
    const [here, there] = memoryPair();
    for (let i = 0; i < 3; i++) here.next(chunk(i));
    const first: Uint8Array[] = [];
    there.pipe(take(1)).subscribe(value => first.push(value));
    await turn();
    const later: Uint8Array[] = [];
    there.subscribe(value => later.push(value));
    await turn();
    expect(first).toEqual([chunk(0)]);
    expect(later).toEqual([chunk(1), chunk(2)]);
  });

  it('turns writable false at the mark and true when the other side has taken everything', async () => {
    const [here, there] = memoryPair({ highWaterMarkBytes: 4 });
    const writable: boolean[] = [];
    here.writable!.subscribe(value => writable.push(value));
    here.next(chunk(1, 2, 3));
    expect(writable).toEqual([true]);
    here.next(chunk(4));
    expect(writable).toEqual([true, false]);
    expect(here.queuedBytes).toBe(4);
    there.pause!();
    there.subscribe();
    await turn();
    expect(here.queuedBytes).toBe(4);
    there.resume!();
    await turn();
    expect(writable).toEqual([true, false, true]);
    expect(here.queuedBytes).toBe(0);
  });

  it('runs on the scheduler it is given', () => {
    marbles(({ cold, expectObservable }) => {
      const [here, there] = memoryPair();
      cold('a-b|', { a: chunk(1), b: chunk(2) }).subscribe(here);
      expectObservable(there).toBe('a-b|', { a: chunk(1), b: chunk(2) });
    });
  });

  it('is a Subject as far as a pipeline can tell', async () => {
    const [here, there] = memoryPair();
    const source = new Subject<Uint8Array>();
    source.subscribe(here);
    const got: Uint8Array[] = [];
    there.subscribe({ next: value => got.push(value) });
    source.next(chunk(7));
    await turn();
    expect(got).toEqual([chunk(7)]);
  });
});
