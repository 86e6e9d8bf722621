import { rest } from '../../lib/encoding/rest.js';
import { text } from '../../lib/encoding/text.js';
import { isHypercoreError } from '../../lib/errors.js';
import { type MuxChannel, MuxState, type PairRequest } from '../../lib/mux/MuxState.js';
import { payloadCorpus } from '../corpus.js';
import type { Dice } from '../Dice.js';
import { broken, type FuzzOutcome, type FuzzTarget, hexOf } from '../FuzzTarget.js';
import { RemoteVoice, type Vocabulary } from '../RemoteVoice.js';

interface Watched {
  readonly channel: MuxChannel<Uint8Array>;
  opens: number;
  closes: number;
  sent: boolean;
}

const limits = {
  maxUnansweredOpens: 6,
  maxEarlyMessages: 4,
  maxTotalEarlyMessages: 8,
  maxChannels: 8,
  maxBatchItems: 40,
};

/** Conversations with a multiplexer: what the remote says, and what the application does meanwhile. */
export class MuxTarget implements FuzzTarget {
  readonly name = 'multiplexer';
  readonly weight = 40;
  inputBytes = 0;
  private said: Uint8Array[] = [];
  private readonly words: Vocabulary = {
    protocols: ['a', 'b', ''],
    ids: [undefined, Uint8Array.of(1), Uint8Array.of(2, 2)],
    handshake: dice => dice.bytes(dice.integer(0, 3)),
    message: dice => [dice.integer(0, 3), dice.bytes(dice.integer(0, 6))],
    corpus: payloadCorpus(),
  };

  describe(): string {
    return this.said.map(hexOf).join(' ');
  }

  run(dice: Dice): FuzzOutcome {
    this.said = [];
    this.inputBytes = 0;
    const channels: Watched[] = [];
    const requests: PairRequest[] = [];
    let work = 0;
    let acts = 1;
    const mux = new MuxState({
      limits,
      output: { payload: () => work++ },
      ...(dice.chance(0.5) && { onQueued: () => work++ }),
      onPressure: () => work++,
      onUnpaired: request => requests.push(request),
      rejects: dice.chance(0.9),
    });
    const create = (): void => {
      const watched = { opens: 0, closes: 0, sent: false } as Watched;
      const channel = mux.createChannel<Uint8Array>({
        protocol: dice.pick(this.words.protocols),
        id: dice.pick(this.words.ids) ?? null,
        unique: dice.chance(0.5),
        messages: [text, null, rest],
        handshake: rest,
        handlers: {
          onopen: () => {
            work++;
            if (++watched.opens > 1 || watched.closes > 0) broken('a channel opens once, before it ends');
          },
          onmessage: () => {
            work++;
            if (watched.opens === 0 || watched.closes > 0) broken('messages come between open and close');
          },
          onclose: () => {
            work++;
            if (++watched.closes > 1) broken('a channel ends once');
          },
        },
      });
      if (channel !== null) channels.push(Object.assign(watched, { channel }));
    };
    const act = (): void => {
      acts++;
      const one = channels.length > 0 ? dice.pick(channels) : null;
      const kind = dice.integer(0, 6);
      if (kind === 0 || one === null) create();
      else if (kind === 1 && !one.sent) {
        one.channel.open(Uint8Array.of(7));
        one.sent = true;
      } else if (kind === 2 && one.sent) {
        if (dice.chance(0.5)) one.channel.send(0, 'x');
        else one.channel.send(2, dice.bytes(3));
      } else if (kind === 3) one.channel.close();
      else if (kind === 4) mux.flush();
      else if (kind === 5) requests.splice(0, 1)[0]?.settle();
      else mux.setDrained(dice.chance(0.5));
    };
    const voice = new RemoteVoice(dice, this.words);
    let refused = false;
    try {
      for (let steps = dice.integer(1, 25); steps > 0; steps--) {
        if (dice.chance(0.35)) act();
        else {
          const payload = voice.say();
          this.said.push(payload);
          this.inputBytes += payload.length;
          mux.receive(payload);
        }
      }
      mux.flush();
    } catch (error) {
      if (!isHypercoreError(error)) throw error;
      refused = true;
    }
    mux.destroy(new Error('over'));
    for (const { channel, sent, closes } of channels) {
      if (sent && closes !== 1) broken(`an open channel is told of the end, once and not ${closes} times`);
      if (sent && !channel.closed) broken('a channel does not outlive its multiplexer');
    }
    if (mux.size !== 0) broken('nothing is left after the end');
    // Each packet causes a call or two, each act a few; ends of channels come on top.
    if (work > 3 * this.inputBytes + 20 * acts)
      broken(`${work} calls for ${this.inputBytes} bytes and ${acts} acts`);
    return refused ? 'refused' : 'accepted';
  }
}
