import type { Transport } from '../transports/Transport.js';
import { Reader, TransportCheckError, until, verify } from './TransportReader.js';

/** Two transports joined to each other, however they are. @public */
export interface TransportPair {
  readonly a: Transport;
  readonly b: Transport;
  /** Frees what they stand on. */
  dispose(): void | Promise<void>;
}

/** What a pair cannot do, and how to make one. @public */
export interface TransportComplianceOptions {
  /** Makes a pair of open transports for one check. */
  readonly pair: () => TransportPair | Promise<TransportPair>;
  /** Whether one direction can end while the other goes on, as TCP's can and a WebSocket's cannot. */
  readonly halfClose: boolean;
  /** Whether a reader that pauses stops the sender: `writable` of the sender turns false and stays so. */
  readonly pausesSender: boolean;
  /** Whether the other end can tell `error` from `complete`. */
  readonly tellsFailure: boolean;
}

/** One thing a transport must do. @public */
export interface TransportCheck {
  readonly name: string;
  /** Settles within seconds; rejects with what was wrong. */
  run(): Promise<void>;
}

type Test = (a: Transport, b: Transport, options: TransportComplianceOptions) => Promise<void>;

/**
 * What every {@link Transport} must do, as a list of checks for any test runner.
 *
 * @example
 * ```ts
 * const pair = () => {
 *   const [a, b] = memoryPair();
 *   return { a, b, dispose: () => undefined };
 * };
 * for (const { name, run } of transportCompliance({ pair, halfClose: true, pausesSender: true, tellsFailure: true })) {
 *   it(name, run);
 * }
 * ```
 *
 * @public
 */
export function transportCompliance(options: TransportComplianceOptions): TransportCheck[] {
  const tests = { ...always, ...(options.halfClose && halfClosing), ...(options.pausesSender && pausing) };
  return Object.entries(tests).map(([name, test]) => ({
    name,
    run: async () => {
      const pair = await options.pair();
      try {
        await test(pair.a, pair.b, options);
      } finally {
        await pair.dispose();
      }
    },
  }));
}

const always: Record<string, Test> = {
  'carries bytes both ways, in order, whatever the size of a chunk': async (a, b) => {
    const sizes = [1, 2, 3, 1000, 65_535, 65_536, 65_537, 300_000, 1];
    const [fromA, fromB] = [new Reader(b), new Reader(a)];
    let position = 0;
    for (const size of sizes) {
      a.next(pattern(position, size));
      b.next(pattern(position, size));
      position += size;
    }
    for (const reader of [fromA, fromB]) {
      await reader.until(position);
      verify(isPattern(reader.bytes(), 0), 'the bytes are not those that were sent');
    }
  },

  'carries many small chunks': async (a, b) => {
    const reader = new Reader(b);
    let position = 0;
    for (let i = 0; i < 3000; i++) {
      const size = 1 + (i % 37);
      a.next(pattern(position, size));
      position += size;
    }
    await reader.until(position);
    verify(isPattern(reader.bytes(), 0), 'the bytes are not those that were sent');
  },

  'leaves what it is given as it is, and whole': async (a, b) => {
    const reader = new Reader(b);
    const buffer = pattern(0, 100_000);
    const chunk = buffer.subarray(10, 90_000);
    a.next(chunk);
    a.next(chunk.subarray(0, 5));
    await reader.until(chunk.length + 5);
    verify(chunk.length === 89_990 && buffer.length === 100_000, 'the chunk was detached');
    verify(isPattern(buffer, 0), 'the chunk was written into');
  },

  'takes a view into a larger buffer for no more than it is': async (a, b) => {
    const reader = new Reader(b);
    a.next(pattern(0, 64).subarray(16, 24));
    await reader.until(8);
    verify(isPattern(reader.bytes(), 16), 'the bytes are not those of the view');
  },

  'emits plain bytes, and never an empty chunk': async (a, b) => {
    const reader = new Reader(b);
    a.next(new Uint8Array(0));
    a.next(pattern(0, 3));
    a.next(new Uint8Array(0));
    a.next(pattern(3, 3));
    await reader.until(6);
    verify(
      reader.chunks.every(chunk => chunk instanceof Uint8Array && chunk.length > 0),
      'a chunk is empty, or not a Uint8Array',
    );
  },

  'keeps what comes before the first subscriber': async (a, b) => {
    a.next(pattern(0, 100));
    await pause(30);
    a.next(pattern(100, 100));
    const reader = new Reader(b);
    await reader.until(200);
    verify(isPattern(reader.bytes(), 0), 'bytes are missing');
  },

  'has one subscriber at a time': async (a, b) => {
    const first = new Reader(b);
    const second = new Reader(b);
    verify(
      second.outcome === 'error' && second.failure instanceof TypeError,
      'the second one got no TypeError',
    );
    a.next(pattern(0, 10));
    await first.until(10);
  },

  'can be left and taken up again without a loss': async (a, b) => {
    let position = 0;
    let got = 0;
    for (let turn = 0; turn < 5; turn++) {
      const reader = new Reader(b);
      a.next(pattern(position, 1000));
      position += 1000;
      await reader.until(1);
      reader.leave();
      verify(isPattern(reader.bytes(), got), 'bytes are missing or out of order');
      got += reader.size;
      a.next(pattern(position, 500));
      position += 500;
      await pause(5);
    }
    const last = new Reader(b);
    await last.until(position - got);
    verify(isPattern(last.bytes(), got), 'bytes are missing or out of order');
  },

  'stops at once for a subscriber that has had enough': async (a, b) => {
    a.next(pattern(0, 1000));
    a.next(pattern(1000, 200_000));
    let chunks = 0;
    const first = new Reader(b, () => {
      chunks++;
      first.leave();
    });
    await first.until(1);
    await pause(30);
    verify(chunks === 1, 'a chunk came after unsubscription');
    const second = new Reader(b);
    await second.until(201_000 - first.size);
    verify(isPattern(second.bytes(), first.size), 'bytes are missing or out of order');
  },

  'keeps the order for a reader that answers from within': async (a, b) => {
    const rounds = 200;
    const answers = new Reader(a, chunk => {
      if (answers.size < rounds) a.next(chunk.map(byte => byte + 1).subarray(0, 1));
    });
    const echo = new Reader(b, chunk => b.next(chunk));
    a.next(new Uint8Array([0]));
    await answers.until(rounds);
    verify(
      answers.bytes().every((byte, index) => byte === index % 256),
      'answers are missing or out of order',
    );
    echo.leave();
  },

  'ends in order after the last byte': async (a, b) => {
    const [reader, other] = [new Reader(b), new Reader(a)];
    a.next(pattern(0, 200_000));
    a.complete();
    await reader.ended();
    verify(reader.outcome === 'complete', `it ended with ${String(reader.failure)}`);
    verify(reader.size === 200_000 && isPattern(reader.bytes(), 0), 'bytes are missing');
    b.complete();
    await other.ended();
    verify(other.outcome === 'complete', `it ended with ${String(other.failure)}`);
  },

  'tells of an end that came before the subscriber': async (a, b) => {
    a.next(pattern(0, 10));
    a.complete();
    await pause(50);
    const reader = new Reader(b);
    await reader.ended();
    verify(reader.outcome === 'complete' && reader.size === 10, 'the end or the bytes before it are missing');
    const late = new Reader(b);
    await late.ended();
    verify(late.outcome === 'complete' && late.size === 0, 'a later subscriber got no end');
  },

  'takes calls after its end for nothing': async (a, b) => {
    const [reader, other] = [new Reader(b), new Reader(a)];
    a.next(pattern(0, 10));
    a.complete();
    a.next(pattern(10, 10));
    a.complete();
    await reader.ended();
    verify(reader.size === 10, 'bytes came that were sent after the end');
    b.complete();
    await other.ended();
    for (const each of [a, b]) {
      each.next(pattern(0, 10));
      each.complete();
      each.pause?.();
      each.resume?.();
      each.error(new Error('once more'));
      each.error(new Error('and again'));
      each.next(pattern(0, 10));
    }
  },

  'tears down by error: the other end is told once, this one gets nothing more': async (
    a,
    b,
    { tellsFailure },
  ) => {
    const [here, there] = [new Reader(a), new Reader(b)];
    a.next(pattern(0, 10));
    await there.until(10);
    b.next(pattern(0, 10));
    a.error(new Error('torn'));
    const { size } = here;
    a.next(pattern(10, 10));
    await there.ended();
    await pause(20);
    if (tellsFailure) verify(there.outcome === 'error', 'it looked like an end in order');
    verify(there.size === 10, 'bytes came that were sent after the end');
    verify(here.size === size, 'bytes came after the end');
    verify(here.outcome !== 'error', 'this end was told of its own error');
    const late = new Reader(b);
    await late.ended();
    verify(late.outcome === there.outcome, 'a later subscriber got another end');
  },

  'says that it takes no more before it holds 64 MiB, and that it does again': async (a, b) => {
    const { writable } = a;
    if (writable === undefined) return;
    const seen: boolean[] = [];
    const watching = writable.subscribe(value => seen.push(value));
    verify(seen.length === 1 && seen[0], 'it does not replay that it takes more');
    let sent = 0;
    for (; seen.at(-1) === true && sent < 0x4000000; sent += 0x10000) a.next(pattern(sent, 0x10000));
    verify(seen.at(-1) === false, 'it never said that it takes no more');
    const queued = a.queuedBytes;
    verify(queued === undefined || queued > 0, 'nothing is queued');
    const reader = new Reader(b, undefined, false);
    await until(() => seen.at(-1) === true, 'it takes more again');
    await until(() => reader.size === sent, 'all bytes have come');
    await until(() => (a.queuedBytes ?? 0) === 0 || a.queuedBytes! < 0x100000, 'the queue has left');
    verify(
      seen.every((value, index) => value === (index % 2 === 0)),
      'it said the same twice',
    );
    watching.unsubscribe();
  },

  'holds what comes while its reader has paused, and goes on': async (a, b) => {
    if (b.pause === undefined || b.resume === undefined) return;
    let after = 0;
    let paused = false;
    const reader = new Reader(b, chunk => {
      if (paused) after += chunk.length;
    });
    a.next(pattern(0, 100));
    await reader.until(100);
    b.pause();
    paused = true;
    for (let i = 0; i < 16; i++) {
      a.next(pattern(100 + i * 10_000, 10_000));
      await pause(2);
    }
    await pause(30);
    verify(after <= 20_000, `${after} bytes came while it was paused`);
    paused = false;
    b.resume();
    await reader.until(160_100);
    verify(isPattern(reader.bytes(), 0), 'bytes are missing or out of order');
  },

  'reports the end to a reader that paused, once it goes on': async (a, b) => {
    if (b.pause === undefined || b.resume === undefined) return;
    const reader = new Reader(b);
    a.next(pattern(0, 10));
    await reader.until(10);
    b.pause();
    a.next(pattern(10, 10));
    a.complete();
    await pause(30);
    b.resume();
    await reader.ended();
    verify(reader.outcome === 'complete' && reader.size === 20, 'the end or the bytes before it are missing');
  },
};

const halfClosing: Record<string, Test> = {
  'goes on in the other direction when one has ended': async (a, b) => {
    const [toA, toB] = [new Reader(a), new Reader(b)];
    a.next(pattern(0, 10));
    a.complete();
    await toB.ended();
    for (let i = 0; i < 20; i++) {
      b.next(pattern(i * 50_000, 50_000));
      await pause(1);
    }
    b.complete();
    await toA.ended();
    verify(toA.outcome === 'complete' && toA.size === 1_000_000, 'bytes or the end are missing');
    verify(isPattern(toA.bytes(), 0), 'the bytes are not those that were sent');
  },
};

const pausing: Record<string, Test> = {
  'stops a sender whose reader has paused, until it goes on': async (a, b) => {
    const reader = new Reader(b, undefined, false);
    b.pause!();
    let writable = true;
    const watching = a.writable!.subscribe(value => (writable = value));
    let sent = 0;
    // Whatever lies between the two takes some; when it takes no more for a while, it is full.
    for (let calm = 0; calm < 10;) {
      if (sent >= 0x4000000) throw new TransportCheckError('the reader has paused, and 64 MiB have left');
      if (writable) {
        a.next(pattern(sent, 0x10000));
        sent += 0x10000;
        calm = 0;
      } else {
        calm++;
        await pause(10);
      }
    }
    verify(reader.size < sent, 'nothing was held');
    b.resume!();
    await until(() => reader.size === sent && writable, 'all bytes have come, and more may be sent');
    watching.unsubscribe();
  },
};

/** Bytes that depend on where they are in the stream. */
function pattern(start: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = byteAt(start + i);
  return bytes;
}

function isPattern(bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== byteAt(start + i)) return false;
  return true;
}

function byteAt(position: number): number {
  return (position * 31 + (position >>> 8) * 7) & 0xff;
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
