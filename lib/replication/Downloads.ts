import { SEGMENT_BLOCKS } from './Announcements.js';
import type { RemoteBlocks } from './RemoteBlocks.js';
import type { ReplicationLimits } from './ReplicationLimits.js';
import type { Wish } from './Wish.js';

/** What a download sees of the log. @internal */
export interface DownloadLog {
  readonly length: number;
  has(index: number): boolean;
  firstMissing(start: number, end: number): number;
}

/** What a download sees of one remote. @internal */
export interface DownloadSource {
  readonly blocks: RemoteBlocks;
  /** Blocks of its core that may be asked for: 0 while it serves none, or speaks of another fork. */
  readonly servedLength: number;
  /** Requests it has to answer, and answers of it that are not stored yet. */
  readonly inFlight: number;
  /** Whether more may be asked of it. */
  readonly hasRoom: boolean;
  /** Requests it could not answer in time. */
  readonly timeouts: number;
}

/** A block on its way. @internal */
interface Flight<S> {
  readonly index: number;
  /** Whom it is asked of, and the number of the request there. */
  readonly copies: { readonly source: S; readonly at: number }[];
}

/** What a download does. @internal */
export interface DownloadOutput<S> {
  /** Asks a remote for a block. */
  ask(source: S, index: number, priority: number): void;
  /** Asks a remote what it has of a segment of 2,097,152 blocks. */
  askAbout(source: S, segment: number): void;
  /** Takes a request back. */
  cancel(source: S, index: number): void;
}

/**
 * Which block is asked of which remote: every block of a wish that is missing here, in order, of one remote that has it,
 * spread over the remotes, within the windows. A block is asked of a second remote only once the first has kept it waiting
 * and the second has nothing better to do.
 *
 * In: wishes, what remotes have, answers. Out: requests and cancels.
 *
 * @internal
 */
export class Downloads<S extends DownloadSource> {
  private readonly wishes = new Set<Wish>();
  private readonly flights = new Map<number, Flight<S>>();
  private turn = 0;

  constructor(
    private readonly log: DownloadLog,
    private readonly output: DownloadOutput<S>,
    private readonly limits: Pick<
      ReplicationLimits,
      'maxInFlight' | 'maxSearchSteps' | 'maxCopies' | 'overtakeAfterMs'
    >,
  ) {}

  /** Blocks on their way. */
  get inFlight(): number {
    return this.flights.size;
  }

  /** Blocks that are wanted, missing, and known to exist. */
  get wanted(): number {
    let wanted = 0;
    for (const wish of this.wishes) {
      const end = Math.min(wish.end, this.log.length);
      wanted += Math.max(0, end - Math.max(wish.position, wish.start));
    }
    return wanted;
  }

  add(wish: Wish): void {
    this.wishes.add(wish);
  }

  /** Takes a wish back, and with it the requests that nobody else needs. */
  remove(wish: Wish): void {
    if (!this.wishes.delete(wish)) return;
    for (const flight of [...this.flights.values()]) {
      if (wish.includes(flight.index) && !this.isWanted(flight.index)) this.land(flight);
    }
  }

  isWanted(index: number): boolean {
    for (const wish of this.wishes) if (wish.includes(index)) return true;
    return false;
  }

  /** The first wanted block behind the log that `source` has, -1 if there is none: it may come along with a longer tree. */
  wantedBehind(source: S): number {
    const { length } = this.log;
    for (const wish of this.wishes) {
      const index = Math.max(wish.start, length);
      if (index >= Math.min(wish.end, source.servedLength) || this.flights.has(index)) continue;
      if (source.blocks.has(index)) return index;
    }
    return -1;
  }

  isInFlight(index: number): boolean {
    return this.flights.has(index);
  }

  /** A block was asked of a remote together with something else. */
  asked(source: S, index: number, at: number): void {
    const flight = this.flights.get(index);
    if (flight === undefined) this.flights.set(index, { index, copies: [{ source, at }] });
    else flight.copies.push({ source, at });
  }

  /** The block is here: whoever else was asked for it need not answer. */
  arrived(index: number): void {
    const flight = this.flights.get(index);
    if (flight !== undefined) this.land(flight);
  }

  /** A remote will not answer. The block is asked of another, or of the same later. */
  failed(source: S, index: number): void {
    const flight = this.flights.get(index);
    if (flight === undefined) return;
    const copy = flight.copies.findIndex(one => one.source === source);
    if (copy !== -1) flight.copies.splice(copy, 1);
    if (flight.copies.length === 0) this.flights.delete(index);
  }

  /** A remote is gone, with all that it was asked for. */
  dropSource(source: S): void {
    for (const flight of [...this.flights.values()]) this.failed(source, flight.index);
  }

  /** Blocks may be missing that were not: cleared, or of a fork that was left. */
  reset(): void {
    for (const wish of this.wishes) wish.position = wish.start;
  }

  /** Nothing is on its way any more: the fork was left. */
  abandon(): void {
    for (const flight of [...this.flights.values()]) this.land(flight);
    this.reset();
  }

  /**
   * Asks for as much as the windows allow.
   *
   * @returns whether the search was cut short, so that this is to be called again.
   */
  assign(sources: readonly S[], now: number): boolean {
    const { maxSearchSteps } = this.limits;
    let steps = maxSearchSteps;
    for (const priority of [1, 0]) {
      for (const wish of this.wishes) {
        if (wish.priority !== priority) continue;
        if (!this.hasRoom(sources)) return false;
        steps = this.search(wish, sources, now, steps);
        if (steps === 0) return true;
      }
    }
    this.overtake(sources, now);
    return false;
  }

  private search(wish: Wish, sources: readonly S[], now: number, budget: number): number {
    const { log } = this;
    const end = Math.min(wish.end, log.length);
    let steps = budget;
    let index = wish.position;
    let first = true;
    for (; steps > 0; steps--) {
      index = index < end ? log.firstMissing(index, end) : -1;
      if (first) wish.position = index === -1 ? Math.max(wish.position, end) : index;
      first = false;
      if (index === -1) return steps;
      if (!this.hasRoom(sources)) return steps;
      if (this.flights.has(index)) {
        index++;
        continue;
      }
      const source = this.choose(sources, index);
      if (source !== null) {
        this.asked(source, index, now);
        this.output.ask(source, index, wish.priority);
        index++;
      } else {
        this.inquire(sources, index);
        const next = this.nextAvailable(sources, index + 1, end);
        if (next === -1) return steps;
        index = next;
      }
    }
    return 0;
  }

  private hasRoom(sources: readonly S[]): boolean {
    return this.flights.size < this.limits.maxInFlight && sources.some(source => this.takes(source));
  }

  private takes(source: S): boolean {
    return source.hasRoom && source.servedLength > 0;
  }

  /** The remote that has the block and the most room; they take turns, and one that was late comes last. */
  private choose(sources: readonly S[], index: number): S | null {
    let best: S | null = null;
    const { length } = sources;
    const turn = this.turn++ % length;
    for (let i = 0; i < length; i++) {
      const source = sources[(i + turn) % length];
      if (!this.takes(source) || index >= source.servedLength || !source.blocks.has(index)) continue;
      if (best === null || loadOf(source) < loadOf(best)) best = source;
    }
    return best;
  }

  /** Asks the remotes of which it is not known whether they have the block. */
  private inquire(sources: readonly S[], index: number): void {
    for (const source of sources) {
      if (index < source.servedLength && !source.blocks.has(index))
        this.output.askAbout(source, Math.floor(index / SEGMENT_BLOCKS));
    }
  }

  /** The first block from `index` on that a remote with room has. */
  private nextAvailable(sources: readonly S[], index: number, end: number): number {
    let nearest = -1;
    for (const source of sources) {
      if (!this.takes(source)) continue;
      const limit = Math.min(end, source.servedLength);
      const next = source.blocks.next(index, nearest === -1 ? limit : Math.min(limit, nearest));
      if (next !== -1) nearest = next;
    }
    return nearest;
  }

  /** Blocks that were waited for too long are asked of a remote with nothing to do as well. */
  private overtake(sources: readonly S[], now: number): void {
    const { overtakeAfterMs, maxCopies } = this.limits;
    if (overtakeAfterMs === 0 || sources.length < 2 || this.flights.size === 0) return;
    const idle = sources.filter(source => this.takes(source) && source.inFlight === 0);
    if (idle.length === 0) return;
    for (const flight of this.flights.values()) {
      const { copies, index } = flight;
      if (copies.length >= maxCopies || now - copies[copies.length - 1].at < overtakeAfterMs) continue;
      const source = idle.find(
        one =>
          this.takes(one) &&
          index < one.servedLength &&
          one.blocks.has(index) &&
          copies.every(copy => copy.source !== one),
      );
      if (source === undefined) continue;
      copies.push({ source, at: now });
      this.output.ask(source, index, 0);
    }
  }

  private land(flight: Flight<S>): void {
    this.flights.delete(flight.index);
    for (const { source } of flight.copies) this.output.cancel(source, flight.index);
  }
}

/** A remote that was late is tried only when the others are busy. */
function loadOf(source: DownloadSource): number {
  return source.inFlight + source.timeouts * 1000;
}
