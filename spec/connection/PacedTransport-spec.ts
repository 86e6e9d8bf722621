import { Observable, type Observer, Subject, VirtualTimeScheduler } from 'rxjs';
import { PacedTransport } from '../../lib/connection/PacedTransport.js';

/** A transport that notes when it is given what. */
class Probe extends Observable<Uint8Array> implements Observer<Uint8Array> {
  readonly log: string[] = [];
  queuedBytes = 0;

  constructor(
    private readonly time: VirtualTimeScheduler,
    readonly inbound = new Subject<Uint8Array>(),
  ) {
    super(subscriber => inbound.subscribe(subscriber));
  }

  next(chunk: Uint8Array): void {
    this.log.push(`${this.time.now()} next ${chunk.length}`);
  }

  complete(): void {
    this.log.push(`${this.time.now()} complete`);
  }

  error(): void {
    this.log.push(`${this.time.now()} error`);
  }

  pause(): void {
    this.log.push(`${this.time.now()} pause`);
  }

  resume(): void {
    this.log.push(`${this.time.now()} resume`);
  }
}

describe('PacedTransport', () => {
  let time: VirtualTimeScheduler;
  let probe: Probe;
  let paced: PacedTransport;

  beforeEach(() => {
    time = new VirtualTimeScheduler();
    probe = new Probe(time);
    paced = new PacedTransport(probe, 5, time);
  });

  const send = (...lengths: number[]): void => {
    for (const length of lengths) paced.next(new Uint8Array(length));
  };

  it('sends the first chunk at once and each further one after the gap, in order', () => {
    send(1, 2, 3);
    expect(probe.log).toEqual(['0 next 1']);
    time.flush();
    expect(probe.log).toEqual(['0 next 1', '5 next 2', '10 next 3']);
  });

  it('sends at once again after a silence', () => {
    send(1);
    time.schedule(() => send(2), 20);
    time.flush();
    expect(probe.log).toEqual(['0 next 1', '20 next 2']);
  });

  it('waits longer while the system has not taken the last chunk', () => {
    send(1, 2);
    probe.queuedBytes = 1;
    time.schedule(() => (probe.queuedBytes = 0), 12);
    time.flush();
    expect(probe.log).toEqual(['0 next 1', '15 next 2']);
  });

  it('counts what waits, and says that it is not writable meanwhile', () => {
    const writable: string[] = [];
    paced.writable.subscribe(value => writable.push(`${time.now()} ${value}`));
    send(1, 20, 300);
    probe.queuedBytes = 4;
    expect(paced.queuedBytes).toBe(324);
    probe.queuedBytes = 0;
    time.flush();
    expect(writable).toEqual(['0 true', '0 false', '15 true']);
    expect(paced.queuedBytes).toBe(0);
  });

  it('lets what waits leave before it completes, and takes no more', () => {
    send(1, 2);
    paced.complete();
    send(3);
    time.flush();
    expect(probe.log).toEqual(['0 next 1', '5 next 2', '10 complete']);
  });

  it('completes at once when nothing waits', () => {
    paced.complete();
    expect(probe.log).toEqual(['0 complete']);
    paced.complete();
    time.flush();
    expect(probe.log).toEqual(['0 complete']);
  });

  it('drops what waits on an error, and its timer', () => {
    send(1, 2);
    paced.error(new Error('enough'));
    send(3);
    paced.complete();
    time.flush();
    expect(probe.log).toEqual(['0 next 1', '0 error']);
    expect(paced.queuedBytes).toBe(0);
  });

  it('passes on what comes in, and pause and resume', () => {
    const got: number[] = [];
    paced.subscribe(({ length }) => got.push(length));
    probe.inbound.next(new Uint8Array(7));
    paced.pause();
    paced.resume();
    expect(got).toEqual([7]);
    expect(probe.log).toEqual(['0 pause', '0 resume']);
  });
});
