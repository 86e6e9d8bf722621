import { of, VirtualTimeScheduler } from 'rxjs';
import type { CryptoBackend } from '../../lib/crypto/CryptoBackend.js';
import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import { isHypercoreError } from '../../lib/errors.js';
import { hypercoreProtocol } from '../../lib/connection/hypercoreProtocol.js';
import type { Protocol } from '../../lib/connection/Protocol.js';
import { encodeFrame } from '../../lib/framing/encodeFrame.js';
import { cancel } from '../../lib/messages/cancel.js';
import { HostilePeer } from '../../lib/testing/hostile/HostilePeer.js';
import type { Misbehaviour } from '../../lib/testing/hostile/Misbehaviour.js';
import { memoryPair } from '../../lib/transports/memoryPair.js';
import { coreWords } from '../coreWords.js';
import type { Dice } from '../Dice.js';
import { broken, type FuzzOutcome, type FuzzTarget, hexOf } from '../FuzzTarget.js';
import { memoryOfPoints } from '../memoryOfPoints.js';
import { mutate } from '../mutate.js';
import { RemoteVoice, type Vocabulary } from '../RemoteVoice.js';
import { passTime, verifyNoTimers, Witnesses } from '../Witnesses.js';

const limits = { maxUnansweredOpens: 8, maxFailedOpens: 12, maxEarlyMessages: 6, maxPendingMessages: 4 };

/** Where the remote begins to say what it should not. */
const phases = ['handshake', 'header', 'frames', 'payloads', 'payloads'] as const;

/**
 * Whole connections from the first byte to the last: a handshake, the header, records; changed from some point on, below the
 * encryption or above it. Whatever happens, both ends come to an end, and everybody is told once.
 */
export class SecuredTarget implements FuzzTarget {
  readonly name = 'secured connection';
  readonly weight = 2000;
  inputBytes = 0;
  private said: string[] = [];
  private readonly crypto = memoryOfPoints(portableCrypto);
  private readonly key = new Uint8Array(32).fill(7);
  private readonly words = new Map<boolean, Vocabulary>();

  describe(): string {
    return this.said.join(' ');
  }

  run(dice: Dice): FuzzOutcome {
    this.said = [];
    this.inputBytes = 0;
    const { key } = this;
    const scheduler = new VirtualTimeScheduler();
    const [here, there] = memoryPair({ scheduler });
    const victimDials = dice.chance(0.5);
    const witnesses = new Witnesses();
    let protocol!: Protocol;
    let failure: unknown = null;
    of(here)
      .pipe(
        hypercoreProtocol({
          crypto: repeatable(this.crypto, 1),
          initiator: victimDials,
          limits,
          scheduler,
          flushScheduler: scheduler,
        }),
      )
      .subscribe(started => (protocol = started));
    protocol.closed.subscribe({ error: (error: unknown) => (failure = error) });
    witnesses.watch(protocol.closed);
    witnesses.watch(protocol.events);
    witnesses.watch(protocol.opened);
    const channel = protocol.open(key);
    witnesses.watch(channel);
    if (dice.chance(0.3)) channel.next(cancel({ request: 1 }));
    let payloads = 0;
    const peer = new HostilePeer(there, {
      crypto: repeatable(this.crypto, 2),
      initiator: !victimDials,
      scheduler,
      misbehaviour: this.misbehaviour(dice, () => payloads++),
    });
    let ended = false;
    const subscription = peer.subscribe({
      next: ({ type }) => (ended ||= type === 'end'),
      error: (error: unknown) => broken('the hostile peer goes on', error),
    });
    passTime(scheduler, 10);
    const ending = dice.integer(0, 3);
    if (failure === null) {
      if (ending === 0) peer.end();
      else if (ending === 1) subscription.unsubscribe();
      else if (ending === 2) protocol.close();
    }
    passTime(scheduler, 200_000); // longer than any wait there is
    if (failure === null && ending === 3) protocol.close();
    passTime(scheduler, 10_000);
    if (failure !== null && !isHypercoreError(failure))
      broken('only errors of the library are told', failure);
    witnesses.verifyEnded();
    if (protocol.channels.length > 0) broken('no channel outlives its connection');
    if (!ended && !subscription.closed) broken('the remote sees the end');
    subscription.unsubscribe();
    passTime(scheduler, 0);
    verifyNoTimers(scheduler);
    return payloads > 0 ? 'accepted' : 'refused';
  }

  /** Accepted is what comes as far as payloads. */
  private misbehaviour(dice: Dice, onOpened: () => void): Misbehaviour {
    const phase = dice.pick(phases);
    const send = (peer: HostilePeer, body: Uint8Array, changed: boolean): void => {
      let bytes = changed && dice.chance(0.6) ? encodeFrame(mutate(dice, [body])) : encodeFrame(body);
      if (changed && dice.chance(0.4)) bytes = mutate(dice, [bytes]);
      this.say(bytes);
      // In pieces now and then.
      const cut = dice.chance(0.2) ? dice.integer(0, bytes.length) : bytes.length;
      peer.bytes(bytes.slice(0, cut));
      if (cut < bytes.length) peer.bytes(bytes.slice(cut));
    };
    return {
      name: 'fuzzed',
      does: 'what the dice say',
      phase: 'handshake',
      expected: { ends: 'nothing', code: null },
      handshake: (peer, message) => send(peer, message, phase === 'handshake' && dice.chance(0.6)),
      header: (peer, header) => send(peer, header, phase === 'header'),
      opened: peer => {
        onOpened();
        const voice = new RemoteVoice(dice, this.wordsOf(peer));
        const sealed: Uint8Array[] = [];
        for (let count = dice.integer(1, 12); count > 0; count--) {
          const payload = voice.say();
          if (phase === 'payloads') this.say(payload);
          const record = peer.seal(payload);
          sealed.push(record);
          if (phase === 'payloads') peer.frame(record);
          // Changed, or one of those before, or nothing at all so that the next is out of order.
          else if (dice.chance(0.8)) send(peer, record, phase === 'frames' && dice.chance(0.3));
          else if (dice.chance(0.7)) send(peer, dice.pick(sealed), false);
        }
      },
    };
  }

  private say(bytes: Uint8Array): void {
    this.said.push(hexOf(bytes));
    this.inputBytes += bytes.length;
  }

  /** The randomness repeats itself, and so does a session whose handshake nobody changed. */
  private wordsOf(peer: HostilePeer): Vocabulary {
    let words = this.words.get(peer.initiator);
    if (words === undefined)
      this.words.set(peer.initiator, (words = coreWords([this.key], key => peer.greeting(key))));
    return words;
  }
}

/** The same randomness in each connection, so that its points are multiplied once. */
function repeatable(crypto: CryptoBackend, side: number): CryptoBackend {
  let count = 0;
  return { ...crypto, randomBytes: length => new Uint8Array(length).fill(side * 16 + (count++ % 8)) };
}
