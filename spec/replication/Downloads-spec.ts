import { Downloads, type DownloadSource } from '../../lib/replication/Downloads.js';
import { RemoteBlocks } from '../../lib/replication/RemoteBlocks.js';
import { Wish } from '../../lib/replication/Wish.js';

/** A remote that may be asked for any number of blocks. */
class Source implements DownloadSource {
  readonly blocks = new RemoteBlocks({ maxPages: 1024, maxRows: 256 });
  readonly inFlight = 0;
  readonly timeouts = 0;
  hasRoom = true;

  constructor(readonly servedLength: number) {}
}

/** A log that tells how often it was looked into. */
class LookedAt {
  looks = 0;
  readonly here = new Set<number>();

  constructor(readonly length: number) {}

  has(index: number): boolean {
    return this.here.has(index);
  }

  firstMissing(start: number, end: number): number {
    this.looks++;
    for (let index = start; index < end; index++) if (!this.here.has(index)) return index;
    return -1;
  }
}

describe('replication: Downloads', () => {
  const length = 400;

  /** A log that has every second block, and a remote that has the same ones. */
  const alternating = (maxSearchSteps: number) => {
    const log = new LookedAt(length);
    const source = new Source(length);
    for (let index = 0; index < length; index += 2) {
      log.here.add(index);
      source.blocks.setRange(index, 1, true);
    }
    const asked: number[] = [];
    const downloads = new Downloads<Source>(
      log,
      { ask: (_, index) => asked.push(index), askAbout: () => undefined, cancel: () => undefined },
      { maxInFlight: 512, maxSearchSteps, maxCopies: 2, overtakeAfterMs: 500 },
    );
    const wish = new Wish(0, length, 0);
    downloads.add(wish);
    /** Searches to the end; returns how often that was cut short. */
    const search = (sources: readonly Source[] = [source]): number => {
      for (let cuts = 0; cuts < length; cuts++) if (!downloads.assign(sources, 0)) return cuts;
      throw new Error('the search has no end');
    };
    return { log, source, asked, downloads, wish, search };
  };

  it('go on with a search where it was cut short, and end it', () => {
    const { log, asked, search } = alternating(16);
    expect(search()).toBe(Math.floor(length / 2 / 16));
    expect(asked).toEqual([]);
    const { looks } = log;
    expect(search()).toBe(0);
    expect(log.looks - looks).toBe(1);
  });

  it('search again from where a remote has more', () => {
    const { source, asked, downloads, search } = alternating(16);
    search();
    source.blocks.setRange(31, 1, true);
    downloads.heard(source, 31);
    search();
    expect(asked).toEqual([31]);
  });

  it('search again from a block that did not come', () => {
    const { source, asked, downloads, search } = alternating(16);
    source.blocks.setRange(31, 1, true);
    search();
    downloads.failed(source, 31);
    search();
    expect(asked).toEqual([31, 31]);
  });

  it('search again from a block that was dropped, as far as it is wished for', () => {
    const { log, asked, downloads, wish, search } = alternating(16);
    for (let index = 1; index < length; index += 2) log.here.add(index);
    const later = new Wish(32, length, 0);
    downloads.add(later);
    search();
    expect([wish.position, later.position]).toEqual([length, length]);
    for (const index of [30, 31, 32]) log.here.delete(index);
    downloads.dropped(30, 3);
    expect([wish.position, later.position]).toEqual([30, 32]);
    search();
    expect(asked).toEqual([30, 32]);
  });

  it('find what only a remote has that had no room', () => {
    const { source, asked, search } = alternating(16);
    const busy = new Source(length);
    busy.blocks.setRange(31, 1, true);
    busy.hasRoom = false;
    search([source, busy]);
    expect(asked).toEqual([]);
    busy.hasRoom = true;
    search([source, busy]);
    expect(asked).toEqual([31]);
  });

  it('find what one remote has while another changes its mind all the time', () => {
    const { source, asked, downloads } = alternating(16);
    const other = new Source(length);
    other.blocks.setRange(length - 1, 1, true);
    for (let index = 0; index < length; index += 2) other.blocks.setRange(index, 1, true);
    for (let turn = 0; turn < length && asked.length === 0; turn++) {
      downloads.heard(source, 0);
      downloads.assign([source, other], 0);
    }
    expect(asked).toEqual([length - 1]);
  });

  it('take no more steps for each answer the more there is that nobody has', () => {
    const { log, source, asked, downloads, wish, search } = alternating(4096);
    const room = new Source(length);
    for (let index = length / 2; index < length; index++) {
      log.here.delete(index);
      room.blocks.setRange(index, 1, true);
    }
    downloads.dropped(length / 2, length / 2);
    source.hasRoom = false;
    search([source, room]);
    expect(asked.length).toBe(length / 2);
    const { looks } = log;
    for (const index of asked) {
      log.here.add(index);
      downloads.arrived(index);
      search([source, room]);
    }
    expect(log.looks - looks).toBeLessThan(3 * asked.length);
    expect(wish.position).toBe(1);
  });
});
