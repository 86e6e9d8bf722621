import { ProofError } from '../logErrors.js';
import type { Data } from '../messages/data.js';
import type { Request, RequestFields } from '../messages/request.js';
import { request } from '../messages/request.js';

/** What a request is for. @internal */
export type RequestPurpose = 'block' | 'upgrade' | 'seek' | 'fork' | 'conflict';

/** A request that a remote has to answer. @internal */
export interface Asked {
  readonly id: number;
  readonly purpose: RequestPurpose;
  /** The block that is asked for, or -1. */
  readonly block: number;
  readonly fork: number;
  /** When it was made. */
  readonly at: number;
  /** How many answers the remote had given by then, */
  readonly answered: number;
  /** and how often the storage here had failed. */
  readonly storageFailures: number;
  /** What was sent; null while it is being prepared. */
  message: Request | null;
  /** Called once: with the answer, or null if there will be none from this remote. */
  readonly settle: ((data: Data | null) => void) | null;
  /** Nodes that were asked for with the block and are not here yet. */
  levels: number;
  /** The request that brings the node on which the proof of this one ends; null if that is known here. */
  leansOn: Asked | null;
  /** What became of it: unknown yet, unknown for too long, with the log, proved by it, or nothing. */
  outcome: 'open' | 'late' | 'given' | 'proved' | 'none';
  /** Hands on answers that wait for this one, in the order in which they came. */
  followers: (() => void)[] | null;
}

/**
 * The requests to one remote: numbers them, finds them again, and tells those that are overdue. Numbers are never used
 * twice, so a late answer to a request that was taken back is known as such.
 *
 * @internal
 */
export class RequestTable {
  private readonly byId = new Map<number, Asked>();
  private lastId = 0;
  /** Answers of any kind so far. */
  answered = 0;
  /** When the last one came. */
  lastAnswerAt = 0;
  /** Requests given up since then. */
  timeouts = 0;

  get size(): number {
    return this.byId.size;
  }

  add(fields: Pick<Asked, 'purpose' | 'block' | 'fork' | 'at' | 'storageFailures' | 'settle'>): Asked {
    const asked: Asked = {
      id: ++this.lastId,
      purpose: fields.purpose,
      block: fields.block,
      fork: fields.fork,
      at: fields.at,
      answered: this.answered,
      storageFailures: fields.storageFailures,
      message: null,
      settle: fields.settle,
      levels: 0,
      leansOn: null,
      outcome: 'open',
      followers: null,
    };
    this.byId.set(asked.id, asked);
    return asked;
  }

  /** Fills in what is sent; null if the request was taken back meanwhile. */
  prepare(asked: Asked, parts: Omit<RequestFields, 'id' | 'fork'>): Request | null {
    if (this.byId.get(asked.id) !== asked) return null;
    return (asked.message = request({ id: asked.id, fork: asked.fork, ...parts }));
  }

  /** Takes a request out, because it was answered; null if there is none of that number. */
  answer(id: number, now: number): Asked | null {
    const asked = this.remove(id);
    if (asked === null) return null;
    this.answered++;
    this.lastAnswerAt = now;
    this.timeouts = 0;
    return asked;
  }

  /** Takes a request out without an answer. */
  remove(id: number): Asked | null {
    const asked = this.byId.get(id);
    if (asked === undefined) return null;
    this.byId.delete(id);
    return asked;
  }

  /**
   * The requests that have waited too long: since they were made, and since the remote last answered anything. A remote
   * that answers others but passes one over, `skipped` answers long, has left that one unanswered too.
   */
  overdue(now: number, afterMs: number, skipped: number): Asked[] {
    const overdue: Asked[] = [];
    for (const asked of this.byId.values()) {
      if (now - asked.at < afterMs) break; // the younger ones are behind it
      if (now - this.lastAnswerAt >= afterMs || this.answered - asked.answered >= skipped)
        overdue.push(asked);
    }
    return overdue;
  }

  values(): IterableIterator<Asked> {
    return this.byId.values();
  }

  clear(): Asked[] {
    const left = [...this.byId.values()];
    this.byId.clear();
    return left;
  }
}

/**
 * Whether an answer holds nothing that was not asked for.
 *
 * @throws ProofError if it does: hypercore drops such a message whole, and no honest peer sends one.
 * @internal
 */
export function verifyAnswer(asked: Request | null, data: Data): void {
  if (asked === null) throw new ProofError('it came before it was asked for');
  if (data.fork !== asked.fork) throw new ProofError('it is of another fork than was asked');
  if (data.block !== null && data.block.index !== asked.block?.index) throw extra('block');
  if (data.hash !== null && data.hash.index !== asked.hash?.index) throw extra('hash');
  if (data.seek !== null && data.seek.bytes !== asked.seek?.bytes) throw extra('seek');
  if (data.upgrade !== null && asked.upgrade === null) throw extra('upgrade');
}

function extra(part: string): ProofError {
  return new ProofError(`nobody asked for this ${part}`);
}
