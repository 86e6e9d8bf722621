import { LimitExceededError } from '../errors.js';
import type { ReplicableLog } from '../log/ReplicableLog.js';
import type { Data } from '../messages/data.js';
import { noData } from '../messages/noData.js';
import { range } from '../messages/range.js';
import type { Request } from '../messages/request.js';
import type { Want } from '../messages/want.js';
import { answerWant, SEGMENT_BLOCKS } from './Announcements.js';
import { isProofError } from './faults.js';
import type { RemotePeer } from './RemotePeer.js';
import type { ReplicationLimits } from './ReplicationLimits.js';

/** An answer that is made, or waits for those before it. @internal */
export interface Answer {
  readonly request: Request;
  isReady: boolean;
  /** `null` if there is nothing to send. */
  proof: Data | null;
}

/** What {@link Answers} tells. @internal */
export interface AnswersOutput {
  /** A block left for a remote. */
  uploaded(bytes: number): void;
  /** A remote did what no honest one does. */
  fail(peer: RemotePeer, error: unknown): void;
}

/**
 * Answers what remotes ask, as fast as their links take it: requests with data or noData, wants with ranges and bitfields.
 *
 * @internal
 */
export class Answers {
  constructor(
    private readonly log: ReplicableLog,
    private readonly limits: ReplicationLimits,
    private readonly output: AnswersOutput,
  ) {}

  request(peer: RemotePeer, request: Request): void {
    peer.uploads.add(request);
    this.serve(peer);
  }

  want(peer: RemotePeer, want: Want): void {
    const { maxWants } = this.limits;
    if (want.length > SEGMENT_BLOCKS && this.log.contiguousLength < this.log.length) return; // as hypercore 11
    if (peer.wants.length >= maxWants) {
      throw new LimitExceededError('maxWants', maxWants, peer.wants.length + 1, 'channel');
    }
    peer.wants.push(want);
    this.serve(peer);
  }

  /** Goes on, after the link has drained for instance. */
  serve(peer: RemotePeer): void {
    while (peer.isOpen && peer.drained && peer.wants.length > 0) {
      const { maxAnnouncements } = this.limits;
      for (const message of answerWant(this.log, peer.wants.shift()!, maxAnnouncements)) peer.send(message);
    }
    while (peer.isOpen && peer.drained) {
      const request = peer.uploads.next();
      if (request === null) return;
      this.make(peer, request);
    }
  }

  /** Answers leave in the order in which they were begun: who asks for a row of blocks proves one by the one before. */
  private make(peer: RemotePeer, request: Request): void {
    const answer: Answer = { request, isReady: false, proof: null };
    const ready = (proof: Data | null): void => {
      answer.proof = proof;
      answer.isReady = true;
    };
    const failed = (error: unknown): void => {
      ready(null);
      if (peer.isOpen && isProofError(error)) this.countInvalid(peer);
    };
    peer.answers.push(answer);
    try {
      const proof = this.log.prove(request);
      if (proof !== null && 'then' in proof) {
        const go = (): void => {
          this.sendReady(peer);
          this.serve(peer);
        };
        proof.then(ready, failed).then(go, (error: unknown) => this.output.fail(peer, error));
        return;
      }
      ready(proof);
    } catch (error) {
      failed(error);
    }
    this.sendReady(peer);
  }

  private sendReady(peer: RemotePeer): void {
    const { answers } = peer;
    while (answers.length > 0 && answers[0].isReady) {
      const { request, proof } = answers.shift()!;
      if (!peer.uploads.finish(request) || !peer.isOpen) continue;
      if (proof === null) this.refuse(peer, request);
      else if (!peer.sends(proof)) this.refuse(peer, request, true);
      else if (proof.block !== null) this.output.uploaded(proof.block.value.length);
    }
  }

  private countInvalid(peer: RemotePeer): void {
    try {
      peer.uploads.countInvalid();
    } catch (error) {
      this.output.fail(peer, error);
    }
  }

  /** Hypercore asks again at once for what it believes to be here, so it is told first that it is not. */
  private refuse(peer: RemotePeer, { id, fork, block }: Request, tooLarge = false): void {
    if (block !== null && fork === this.log.fork && (tooLarge || !this.log.has(block.index))) {
      peer.send(range({ drop: true, start: block.index, length: 1 }));
    }
    peer.send(noData({ request: id }));
  }
}
