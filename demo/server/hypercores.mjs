// The server's two real Hypercores, by the official package: what the plotter draws, and a room to chat in.
import Hypercore from 'hypercore-11';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strokeAt } from './Plotter.mjs';

const MESSAGES_PER_WINDOW = 12;
const WINDOW_MS = 10_000;
const LONGEST_TEXT = 280;

/** Opens both cores in a folder of their own, writes the backlog and goes on writing; `close` leaves nothing behind. */
export async function openHypercores({ backlog, appendEveryMs }) {
  const directory = mkdtempSync(join(tmpdir(), 'rx-hypercore-demo-'));
  const plot = new Hypercore(join(directory, 'plot'));
  const room = new Hypercore(join(directory, 'room'));
  await Promise.all([plot.ready(), room.ready()]);
  await plot.append(Array.from({ length: backlog }, (_, index) => strokeAt(index)));
  await room.append('Be kind. What is said here is kept nowhere.');
  relayChat(room);
  const timer = setInterval(() => void plot.append(strokeAt(plot.length)), appendEveryMs);
  return {
    plot,
    room,
    async close() {
      clearInterval(timer);
      await Promise.all([plot.close(), room.close()]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/**
 * Chat by extension messages on the room's channel. A page speaks to the server only; this end tells everybody, with the key
 * that the connection has proved, so that nobody speaks in another's name.
 */
function relayChat(room) {
  const lately = new WeakMap();
  const extension = room.registerExtension('chat', {
    encoding: 'json',
    onmessage(said, from) {
      const text = typeof said?.text === 'string' ? said.text.trim().slice(0, LONGEST_TEXT) : '';
      if (text === '' || !mayspeak(from)) return;
      tell({ type: 'said', from: from.remotePublicKey.toString('hex'), text, id: String(said.id ?? '') });
    },
  });
  const tell = message => {
    for (const peer of room.peers) extension.send(message, peer);
  };
  const count = () => tell({ type: 'present', pages: room.peers.length });
  room.on('peer-add', () => setTimeout(count, 50)); // its channel is open by then
  room.on('peer-remove', count);

  function mayspeak(peer) {
    const now = Date.now();
    const times = (lately.get(peer) ?? []).filter(time => now - time < WINDOW_MS);
    lately.set(peer, [...times, now].slice(-MESSAGES_PER_WINDOW));
    return times.length < MESSAGES_PER_WINDOW;
  }
}
