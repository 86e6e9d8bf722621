import type { SchedulerLike } from 'rxjs';
import { keyString } from '../keys/discoveryKey.js';
import type { PairRequest } from '../mux/MuxState.js';
import { Deadlines } from './Deadlines.js';

/** As many are never worth looking through. */
const FEW = 64;

/**
 * Opens of the remote about which nobody has decided yet: each for a limited time, and found by discovery key.
 *
 * A remote may take its open back and open again, as often as it likes and faster than any answer is due. What was taken
 * back is therefore looked for whenever there are twice as many as the last look left, so that a storm of opens and closes
 * holds no more than the opens that wait at the same time.
 *
 * @internal
 */
export class UnansweredOpens {
  private byKey: Map<string, Set<PairRequest>> | null = null;
  private readonly deadlines: Deadlines<PairRequest>;
  private count = 0;
  private lookAt = FEW;

  constructor(answerTimeoutMs: number, scheduler: SchedulerLike) {
    this.deadlines = new Deadlines(answerTimeoutMs, scheduler, request => this.answer(request));
  }

  /** How many there are, some of which the remote may have taken back. */
  get size(): number {
    return this.count;
  }

  /** Keeps an open; its id is the discovery key. */
  add(request: PairRequest): void {
    if (this.count >= this.lookAt) this.answerTakenBack();
    const name = nameOf(request);
    this.byKey ??= new Map();
    const requests = this.byKey.get(name);
    if (requests === undefined) this.byKey.set(name, new Set([request]));
    else requests.add(request);
    this.count++;
    this.deadlines.add(request);
  }

  /** Says no to every open of the key. */
  reject(discoveryKey: Uint8Array): void {
    for (const request of [...(this.byKey?.get(keyString(discoveryKey)) ?? [])]) this.answer(request);
  }

  clear(): void {
    this.byKey = null;
    this.deadlines.clear();
    this.count = 0;
  }

  private answerTakenBack(): void {
    const gone: PairRequest[] = [];
    for (const requests of this.byKey?.values() ?? [])
      for (const request of requests) if (!request.parked) gone.push(request);
    for (const request of gone) this.answer(request);
    this.lookAt = Math.max(FEW, 2 * this.count);
  }

  private answer(request: PairRequest): void {
    const name = nameOf(request);
    const requests = this.byKey?.get(name);
    if (requests?.delete(request) === true) {
      this.count--;
      if (requests.size === 0) this.byKey!.delete(name);
    }
    this.deadlines.delete(request);
    request.settle();
  }
}

const nameOf = (request: PairRequest): string => keyString(request.id!);
