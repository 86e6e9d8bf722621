import { firstValueFrom } from 'rxjs';
import { webSocketConnect, WebSocketClosedError } from 'rx-hypercore';
import { replicateByChannel, replicateByLog } from './replicate.js';
import { serverFacts } from './serverFacts.js';
import type { WorkerAnswer } from './worker.js';

describe('a page', () => {
  const url = (path: string): string => `${serverFacts().webSocketOrigin}${path}`;

  for (const version of [10, 11] as const) {
    const served = () => serverFacts().cores.find(core => core.version === version)!;

    it(`replicates a core from hypercore ${version} through the bridge`, async () => {
      expect(await replicateByLog(url('/cores'), served())).toBe(served().count);
    });

    it(`replicates a core from hypercore ${version} inside a Worker`, async () => {
      const worker = new Worker('/worker.js', { type: 'module' });
      const answered = new Promise<WorkerAnswer>((resolve, reject) => {
        worker.addEventListener(
          'message',
          ({ data }: MessageEvent<WorkerAnswer | { rxHypercore: string }>) => {
            if (!('rxHypercore' in data)) resolve(data);
          },
        );
        worker.addEventListener('error', event => reject(new Error(event.message)));
      });
      worker.postMessage({ url: url('/cores'), core: served() });
      expect(await answered).toEqual({ same: served().count });
      worker.terminate();
    });
  }

  it('reads blocks by the messages of a channel alone', async () => {
    for (const core of serverFacts().cores)
      expect(await replicateByChannel(url('/cores'), core)).toBe(core.count);
  });

  it('fails for a key that no core of the server has', async () => {
    const [core] = serverFacts().cores;
    const unknown = { ...core, key: core.key.replace(/^../, first => (first === '00' ? '01' : '00')) };
    const outcome = await replicateByChannel(url('/cores'), unknown).catch((error: unknown) => error);
    expect((outcome as { code?: string }).code).toBe('ERR_CHANNEL_REJECTED');
  });

  it('is told by a close code that its key is refused', async () => {
    const outcome = await replicateByLog(url('/cores?refuse=key'), serverFacts().cores[0]).catch(
      (error: unknown) => error,
    );
    expect(outcome).toBeInstanceOf(WebSocketClosedError);
    expect((outcome as WebSocketClosedError).closeCode).toBe(1008);
  });

  it('is told no more than that it failed where the request is refused', async () => {
    const outcome = await firstValueFrom(webSocketConnect(url('/cores?refuse=request'))).catch(
      (error: unknown) => error,
    );
    expect((outcome as { code: string }).code).toBe('ERR_TRANSPORT_FAILED');
  });

  for (const code of [1000, 1001, 1006, 1008, 1011, 4401]) {
    it(`sees close code ${code}`, async () => {
      const outcome = await new Promise<unknown>(resolve =>
        webSocketConnect(url(`/close?code=${code}`)).subscribe(transport =>
          transport.subscribe({ error: resolve, complete: () => resolve('complete') }),
        ),
      );
      if (code <= 1001) return expect(outcome).toBe('complete');
      expect(outcome).toEqual(new WebSocketClosedError(code, code === 1006 ? '' : 'as asked'));
    });
  }
});
