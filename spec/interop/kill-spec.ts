import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { sodiumNativeCrypto } from 'rx-hypercore/crypto/sodium-native';
import { Random } from '../helpers/random.js';
import { type Blow, Casualty, type Outcome, type Round, strike } from './support/Casualty.js';
import { sized } from './support/longRuns.js';
import { Peer } from './support/Peer.js';
import { patienceMs } from '../support/patience.js';

const rounds = sized(12, 200);
/** Peers at a time: starting them is what takes longest. */
const lanes = sized(4, 3);
const blows: readonly Blow[] = ['SIGKILL', 'SIGSTOP', 'SIGSTOP for a moment'];

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

describe('hypercore 10 and 11, killed and stopped at random moments', () => {
  it(
    `end with a typed error in time, ${rounds} times, and another connection goes on undisturbed`,
    async () => {
      const random = new Random('killed peers');
      const crypto = await sodiumNativeCrypto();
      const sockets: Socket[] = [];
      const keep = (message: unknown): void => void sockets.push((message as { socket: Socket }).socket);
      subscribe('net.client.socket', keep);
      subscribe('net.server.socket', keep);

      // The one that goes on: it reads from a peer of its own all the time.
      const steadyPeer = await Peer.start(11);
      const steady = await Casualty.meet(
        steadyPeer,
        { version: 11, weDial: true, blow: 'SIGKILL', afterMs: 0 },
        crypto,
      );
      let longestSilenceMs = 0;
      let last = { received: 0, at: performance.now() };
      const watch = setInterval(() => {
        const now = performance.now();
        if (steady.received > last.received) last = { received: steady.received, at: now };
        longestSilenceMs = Math.max(longestSilenceMs, now - last.at);
      }, 20);

      const list: Round[] = Array.from({ length: rounds }, (_, n) => ({
        version: n % 2 === 0 ? 10 : 11,
        weDial: Math.floor(n / 2) % 2 === 0,
        blow: blows[Math.floor(n / 4) % blows.length],
        // From before the handshake to amid the transfer.
        afterMs: random.next() < 0.5 ? random.integer(0, 30) : random.integer(30, 400),
      }));
      const outcomes: Outcome[] = [];
      await Promise.all(
        Array.from({ length: lanes }, async () => {
          for (let round = list.shift(); round !== undefined; round = list.shift())
            outcomes.push(await strike(round, crypto));
        }),
      );
      clearInterval(watch);
      const received = steady.received;
      expect(steady.error).toBeNull();
      expect(steady.told).toEqual([]);
      expect(received).toBeGreaterThan(rounds * 10);
      steady.subscription.unsubscribe();
      await Peer.stopAll();

      const tally: Record<string, number> = {};
      for (const outcome of outcomes) {
        const { round, error, connected, elapsedMs, after, told } = outcome;
        const what = JSON.stringify(outcome);
        const amid = `${round.blow}: ${error ?? (connected ? 'goes on' : 'never connected')}`;
        tally[amid] = (tally[amid] ?? 0) + 1;
        if (round.blow === 'SIGSTOP for a moment') {
          expect(error).withContext(what).toBeNull();
          expect(after).withContext(what).toBeGreaterThan(0);
          continue;
        }
        if (!connected && error === null) {
          // Only a peer that was to dial, and was struck before it could.
          expect(round.weDial).withContext(what).toBeFalse();
          continue;
        }
        expect(error)
          .withContext(what)
          .toMatch(/^ERR_(TRANSPORT_CLOSED|TRANSPORT_FAILED|TIMEOUT)\b/);
        if (round.blow === 'SIGSTOP')
          expect(error)
            .withContext(what)
            .toMatch(/^ERR_TIMEOUT\b/);
        // The longest of the timeouts, and what a busy machine takes.
        expect(elapsedMs).withContext(what).toBeLessThan(3500);
        if (connected)
          expect([...told].sort())
            .withContext(what)
            .toEqual(['channel', 'closed', 'data', 'events']);
        else expect(told).withContext(what).toEqual(['transports']);
      }
      expect(outcomes.length).toBe(rounds);
      console.log(`  ${rounds} rounds: ${JSON.stringify(tally)}`);
      console.log(
        `  the steady one: ${received} blocks, never silent for more than ${longestSilenceMs.toFixed(0)} ms`,
      );

      for (let i = 0; i < 100 && sockets.some(socket => !socket.closed); i++) await pause(10);
      unsubscribe('net.client.socket', keep);
      unsubscribe('net.server.socket', keep);
      expect(sockets.filter(socket => !socket.closed).length).toBe(0);
      expect(Peer.alive).toBe(0);
    },
    sized(2 * patienceMs, 1_200_000),
  );
});
