// What `npm run follow` runs: our peer reads a core that a real Hypercore 11 serves over TCP, first what exists, then live.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  endWith,
  finalize,
  fromEvent,
  ignoreElements,
  merge,
  mergeMap,
  share,
  take,
  takeUntil,
  tap,
} from 'rxjs';
import { hypercoreProtocol, type Protocol } from 'rx-hypercore';
import { tcpConnect } from 'rx-hypercore/node';
import { type Block, followBlocks } from '../blocks/followBlocks.js';
import { Progress } from './Progress.js';

interface Announcement {
  readonly port: number;
  readonly key: string;
  readonly length: number;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const say = (what: string, detail: string): void => console.log(`${what.padEnd(12)}${detail}`);

const writer = spawn(process.execPath, [fileURLToPath(new URL('writer.mjs', import.meta.url))], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const announced = createInterface(writer.stdout);
const [line] = (await once(announced, 'line')) as [string];
const { port, key, length } = JSON.parse(line) as Announcement;
say('writer', `hypercore 11 in process ${writer.pid}, ${length} blocks, appends two a second`);
say('core', key);

const progress = new Progress(process.stdout);
const stop = merge(fromEvent(process, 'SIGINT'), fromEvent(process, 'SIGTERM')).pipe(take(1), share());

tcpConnect({ port })
  .pipe(
    hypercoreProtocol({ initiator: true }),
    mergeMap(protocol => merge(narrate(protocol), follow(protocol), closeOnStop(protocol))),
    finalize(() => writer.stdin.end()),
  )
  .subscribe({
    error: (error: Error) => {
      progress.end();
      console.error(error);
      process.exitCode = 1;
    },
    complete: () => {
      progress.end();
      say('closed', `${progress.summary}`);
    },
  });

say('connecting', `tcp://127.0.0.1:${port}`);

/** Says what happens on the connection, and emits nothing. */
function narrate(protocol: Protocol) {
  return protocol.events.pipe(
    tap(event => {
      if (event.type === 'handshake') say('handshake', `remote key ${hex(event.remotePublicKey!)}`);
      if (event.type === 'channel') say('channel', `open, discovery key ${hex(event.channel.discoveryKey)}`);
      if (event.type === 'close') say('channel', 'closed');
    }),
    ignoreElements(),
  );
}

/** Ctrl-C closes the connection in order, which completes all of it. Emits nothing. */
function closeOnStop(protocol: Protocol) {
  return stop.pipe(
    tap(() => protocol.close()),
    takeUntil(protocol.closed.pipe(endWith(undefined))),
    ignoreElements(),
  );
}

/** Downloads what exists and then follows. */
function follow(protocol: Protocol) {
  const text = new TextDecoder();
  return followBlocks(protocol.open(Buffer.from(key, 'hex'))).pipe(
    tap((block: Block) => progress.block(block, text.decode(block.value))),
    ignoreElements(),
  );
}
