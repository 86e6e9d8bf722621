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

/** A request for a block. @internal */
interface Copy<S> {
  readonly source: S;
  readonly at: number;
  /** It was answered, and the answer waits for the storage. */
  given: boolean;
}

/** A block on its way. @internal */
interface Flight<S> {
  readonly index: number;
  /** Whom it is asked of, and since when. */
  readonly copies: Copy<S>[];
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
    if (flight === undefined) this.flights.set(index, { index, copies: [{ source, at, given: false }] });
    else flight.copies.push({ source, at, given: false });
  }

  /** A remote has answered, and the log has got the answer. */
  given(source: S, index: number): void {
    const copy = this.flights.get(index)?.copies.find(one => one.source === source);
    if (copy !== undefined) copy.given = true;
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
    if (flight.copies.length === 0) this.land(flight);
  }

  /** A remote is gone, with all that it was asked for. */
  dropSource(source: S): void {
    for (const flight of [...this.flights.values()]) this.failed(source, flight.index);
    for (const { searched } of this.wishes) searched.delete(source);
  }

  /** Blocks are here no more. Those that are wished for are wanted again. */
  dropped(start: number, length: number): void {
    for (const wish of this.wishes) {
      if (start >= wish.end || start + length <= wish.start) continue;
      wish.position = Math.min(wish.position, Math.max(start, wish.start));
      this.searchAgain(wish, start);
    }
  }

  /** A remote said what it has from a block on: it may be asked for more than before. */
  heard(source: S, start: number): void {
    for (const { searched } of this.wishes) {
      const behind = searched.get(source);
      if (behind !== undefined && behind > start) searched.set(source, start);
    }
  }

  /** Nothing is on its way any more, and what was here may be missing: the fork was left. */
  abandon(): void {
    for (const flight of [...this.flights.values()]) this.land(flight);
    for (const wish of this.wishes) {
      wish.position = wish.start;
      wish.searched.clear();
    }
  }

  /**
   * Asks for as much as the windows allow. A search that is cut short goes on where it stopped the next time, so that all is
   * searched in the end, and nothing twice before something has changed.
   *
   * @returns whether a search was cut short, so that this is to be called again.
   */
  assign(sources: readonly S[], now: number): boolean {
    /** Steps of each remote: none can use up those of another. */
    const steps = new Map<S, number>();
    for (const priority of [1, 0]) {
      for (const wish of this.wishes) {
        if (wish.priority !== priority) continue;
        if (!this.hasRoom(sources)) return false;
        this.askFor(wish, sources, now, steps);
      }
    }
    this.overtake(sources, now);
    for (const [source, taken] of steps) {
      if (taken >= this.limits.maxSearchSteps && this.takes(source)) return true;
    }
    return false;
  }

  private askFor(wish: Wish, sources: readonly S[], now: number, steps: Map<S, number>): void {
    const { log } = this;
    const end = Math.min(wish.end, log.length);
    if (wish.position >= end) return;
    const missing = log.firstMissing(wish.position, end);
    wish.position = missing === -1 ? end : missing;
    while (this.flights.size < this.limits.maxInFlight) {
      const source = this.choose(wish, end, sources, steps);
      if (source === null) return;
      const index = this.search(wish, end, source, steps);
      if (index === -1) continue;
      this.asked(source, index, now);
      this.output.ask(source, index, wish.priority);
    }
  }

  /** The remote with the most room that is not searched to the end; they take turns, and one that was late comes last. */
  private choose(wish: Wish, end: number, sources: readonly S[], steps: Map<S, number>): S | null {
    let best: S | null = null;
    const { length } = sources;
    const turn = this.turn++ % length;
    for (let i = 0; i < length; i++) {
      const source = sources[(i + turn) % length];
      if (!this.takes(source) || (steps.get(source) ?? 0) >= this.limits.maxSearchSteps) continue;
      if (searchedTo(wish, source) >= Math.min(end, source.servedLength)) continue;
      if (best === null || loadOf(source) < loadOf(best)) best = source;
    }
    return best;
  }

  /** The next block of a wish that a remote has and that is to be asked for; -1 if there is none, or no step is left. */
  private search(wish: Wish, end: number, source: S, steps: Map<S, number>): number {
    const { blocks } = source;
    const limit = Math.min(end, source.servedLength);
    let left = this.limits.maxSearchSteps - (steps.get(source) ?? 0);
    let found = -1;
    let index = searchedTo(wish, source);
    for (; index < limit && left > 0 && found === -1; left--) {
      const missing = this.log.firstMissing(index, limit);
      if (missing === -1) index = limit;
      else if (this.flights.has(missing)) index = missing + 1;
      else if (blocks.has(missing)) {
        found = missing;
        index = missing + 1;
      } else {
        this.output.askAbout(source, Math.floor(missing / SEGMENT_BLOCKS));
        const next = blocks.next(missing + 1, limit);
        index = next === -1 ? limit : next;
      }
    }
    wish.searched.set(source, index);
    steps.set(source, this.limits.maxSearchSteps - left);
    return found;
  }

  /** A block of a wish is to be asked for that was passed over, or was on its way. */
  private searchAgain({ searched }: Wish, index: number): void {
    for (const [source, behind] of searched) if (behind > index) searched.set(source, index);
  }

  private hasRoom(sources: readonly S[]): boolean {
    return this.flights.size < this.limits.maxInFlight && sources.some(source => this.takes(source));
  }

  private takes(source: S): boolean {
    return source.hasRoom && source.servedLength > 0;
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
      if (copies.some(({ given }) => given)) continue;
      const source = idle.find(
        one =>
          this.takes(one) &&
          index < one.servedLength &&
          one.blocks.has(index) &&
          copies.every(copy => copy.source !== one),
      );
      if (source === undefined) continue;
      copies.push({ source, at: now, given: false });
      this.output.ask(source, index, 0);
    }
  }

  private land(flight: Flight<S>): void {
    this.flights.delete(flight.index);
    for (const { source } of flight.copies) this.output.cancel(source, flight.index);
    if (this.log.has(flight.index)) return;
    for (const wish of this.wishes) if (wish.includes(flight.index)) this.searchAgain(wish, flight.index);
  }
}

/** Where the search for blocks to ask a remote for goes on. */
function searchedTo({ searched, position }: Wish, source: object): number {
  return Math.max(position, searched.get(source) ?? 0);
}

/** A remote that was late is tried only when the others are busy. */
function loadOf(source: DownloadSource): number {
  return source.inFlight + source.timeouts * 1000;
}
