import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { hypercoreProtocol, ofType, type Protocol, request, webSocketConnect } from 'rx-hypercore';
import { sodiumNativeCrypto } from 'rx-hypercore/crypto/sodium-native';
import { firstValueFrom, Subscription } from 'rxjs';
import { WebSocket } from 'ws';
import { until } from '../connection/pair.js';
import { described, type Held, mebibytes } from './support/memory.js';
import { blockBytes } from './peers/blockBytes.mjs';

const MiB = 2 ** 20;
const size = 0x10000;
const theirBlocks = 16;
/** 256 MiB of answers. */
const asked = (256 * MiB) / size;

describe('interop: a page that stops reading', () => {
  let bridge: ChildProcessByStdio<Writable, Readable, null>;
  let lines: AsyncIterator<string>;
  const answer = async (): Promise<unknown> => JSON.parse((await lines.next()).value as string) as unknown;
  const held = (): Promise<Held> => {
    bridge.stdin.write('\n');
    return answer() as Promise<Held>;
  };
  const subscription = new Subscription();

  beforeAll(() => {
    const script = fileURLToPath(new URL('./support/bridgeServer.ts', import.meta.url));
    const args = ['--expose-gc', '--import', 'tsx', script, `${theirBlocks}`, `${size}`];
    bridge = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    lines = createInterface({ input: bridge.stdout })[Symbol.asyncIterator]();
  });

  afterAll(async () => {
    subscription.unsubscribe();
    const gone = once(bridge, 'exit');
    bridge.stdin.end();
    await gone;
  });

  it('costs the bridge a few batches of the 256 MiB that hypercore 11 has for it, and gets them when it reads on', async () => {
    const { port, key } = (await answer()) as { port: number; key: string };
    const crypto = await sodiumNativeCrypto();
    const protocol = await new Promise<Protocol>((resolve, reject) => {
      subscription.add(
        webSocketConnect(`ws://127.0.0.1:${port}`, { WebSocket })
          .pipe(hypercoreProtocol({ initiator: true, crypto }))
          .subscribe({ next: resolve, error: reject }),
      );
    });
    const channel = protocol.open(Buffer.from(key, 'hex'));
    let got = 0;
    let wrong = 0;
    channel.pipe(ofType('data')).subscribe({
      next: ({ request: id, block }) => {
        got++;
        const wanted = blockBytes((id - 1) % theirBlocks, size);
        if (block === null || Buffer.compare(block.value, wanted) !== 0) wrong++;
      },
      error: fail,
    });
    await firstValueFrom(channel.opened);
    const before = await held();
    const pause = protocol.pause();
    // A few at a time: what hypercore is asked in one go it reads in one go, however full its link is by then.
    for (let i = 0; i < asked; i++) {
      channel.next(request({ id: i + 1, block: { index: i % theirBlocks, nodes: 0 } }));
      if (i % 64 === 63) await new Promise(resolve => setTimeout(resolve, 10));
    }
    // What was under way arrives; then nothing does.
    let last = -1;
    await until(async () => {
      if (got === last) return true;
      last = got;
      await new Promise(resolve => setTimeout(resolve, 500));
      return false;
    });
    const samples: Held[] = [];
    for (let i = 0; i < 5; i++) {
      samples.push(await held());
      await new Promise(resolve => setTimeout(resolve, 300));
    }
    expect(got).toBe(last);
    expect(got).toBeLessThan(asked / 2);
    console.log(
      `  the bridge, while ${mebibytes((asked - got) * size)} wait: ${described(samples)}; before ${described([before])}`,
    );
    const outside = samples.map(({ heap, external }) => heap + external);
    // Hypercore gathers batches of 8 MiB, and each stage between it and the socket may keep one; on a busy machine it reads
    // more of what it is asked in one go. A bridge that is not held back keeps nearly all of it.
    const waiting = (asked - got) * size;
    expect(Math.max(...outside)).toBeLessThan(before.heap + before.external + waiting / 2);
    expect(Math.max(...samples.map(({ rss }) => rss))).toBeLessThan(before.rss + (2 / 3) * waiting);
    expect(Math.max(...outside) - Math.min(...outside)).toBeLessThan(MiB);
    pause.unsubscribe();
    await until(() => got >= last + (32 * MiB) / size);
    expect(wrong).toBe(0);
  });
});
