import { Observable, of, Subject, VirtualTimeScheduler } from 'rxjs';
import type { Channel } from '../../lib/connection/Channel.js';
import { hypercoreProtocol } from '../../lib/connection/hypercoreProtocol.js';
import type { Protocol } from '../../lib/connection/Protocol.js';
import type { SecuredTransport } from '../../lib/connection/SecuredTransport.js';
import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import { encode } from '../../lib/encoding/encode.js';
import { jsonCodec } from '../../lib/encoding/jsonCodec.js';
import { replicationCapability } from '../../lib/keys/capability.js';
import { openCodec } from '../../lib/messages/open.js';
import { cancel } from '../../lib/messages/cancel.js';
import type { Session } from '../../lib/secret/Session.js';
import { coreWords } from '../coreWords.js';
import type { Dice } from '../Dice.js';
import { broken, type FuzzOutcome, type FuzzTarget, hexOf } from '../FuzzTarget.js';
import { RemoteVoice } from '../RemoteVoice.js';
import { passTime, verifyNoTimers, Witnesses } from '../Witnesses.js';

const session: Session = {
  initiator: false,
  publicKey: new Uint8Array(32).fill(1),
  remotePublicKey: new Uint8Array(32).fill(2),
  handshakeHash: new Uint8Array(64).fill(3),
};

const limits = { maxUnansweredOpens: 8, maxFailedOpens: 12, maxEarlyMessages: 6, maxPendingMessages: 4 };

/** Whole connections above the encryption: channels of cores, with proofs that hold and proofs that do not. */
export class ProtocolTarget implements FuzzTarget {
  readonly name = 'connection';
  readonly weight = 200;
  inputBytes = 0;
  private said: Uint8Array[] = [];
  private readonly keys = [4, 5, 6].map(byte => new Uint8Array(32).fill(byte));
  private readonly words = coreWords(this.keys, key =>
    encode(openCodec, {
      seeks: true,
      capability: replicationCapability(portableCrypto, {
        isInitiator: true,
        handshakeHash: session.handshakeHash,
        key,
      }),
    }),
  );

  describe(): string {
    return this.said.map(hexOf).join(' ');
  }

  run(dice: Dice): FuzzOutcome {
    this.said = [];
    this.inputBytes = 0;
    const scheduler = new VirtualTimeScheduler();
    const inbound = new Subject<Uint8Array>();
    let over = false;
    const transport = Object.assign(new Observable<Uint8Array>(subscriber => inbound.subscribe(subscriber)), {
      session,
      next: () => over && broken('nothing is sent after the end'),
      complete: () => undefined,
      error: () => undefined,
      pause: () => undefined,
      resume: () => undefined,
    }) as SecuredTransport;
    let protocol!: Protocol;
    let failure: unknown = null;
    const witnesses = new Witnesses();
    const pass = (ms: number): void => passTime(scheduler, ms);
    of(transport)
      .pipe(hypercoreProtocol({ initiator: false, limits, scheduler, flushScheduler: scheduler }))
      .subscribe(started => (protocol = started));
    protocol.closed.subscribe({ error: (error: unknown) => (failure = error) });
    witnesses.watch(protocol.closed);
    witnesses.watch(protocol.events, event => {
      if (event.type === 'discovery-key' && dice.chance(0.3)) protocol.reject(event.discoveryKey);
    });
    const channels: Channel[] = [];
    const act = (): void => {
      const kind = dice.integer(0, 5);
      const channel = channels.length > 0 ? dice.pick(channels) : null;
      if (kind <= 1 || channel === null) {
        const opened = protocol.open(dice.pick(this.keys));
        if (channels.includes(opened)) return;
        channels.push(opened);
        witnesses.watch(opened);
        if (dice.chance(0.3)) witnesses.watch(opened.extension('x', jsonCodec<unknown>()));
      } else if (kind === 2) channel.next(cancel({ request: 1 }));
      else if (kind === 3) channel.close();
      else if (kind === 4) pass(dice.pick([0, 100, 11_000]));
      else witnesses.watch(channel.opened);
    };
    const voice = new RemoteVoice(dice, this.words);
    pass(0);
    for (let steps = dice.integer(1, 25); steps > 0 && failure === null; steps--) {
      if (dice.chance(0.35)) act();
      else {
        const payload = voice.say();
        this.said.push(payload);
        this.inputBytes += payload.length;
        inbound.next(payload);
      }
      if (dice.chance(0.6)) pass(0);
    }
    if (failure === null) {
      if (dice.chance(0.5)) inbound.complete();
      else protocol.close();
      pass(60_000);
      protocol.destroy();
    }
    over = true;
    witnesses.verifyEnded();
    if (protocol.channels.length > 0) broken('no channel outlives its connection');
    pass(0);
    verifyNoTimers(scheduler);
    return failure === null ? 'accepted' : 'refused';
  }
}
