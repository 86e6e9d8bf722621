// The page that keeps a core. Whoever drives it calls `keeper`; what was acknowledged it tells at once, by a binding.
import type { BrowserStorageKind } from '../../../lib/storage/browser/index.js';
import { browserStorage } from '../../../lib/storage/browser/index.js';
import { type KeeperTask, perform } from './keeper.js';
import type { KeeperWord } from './keeperWorker.js';

export interface Keeper {
  perform(task: KeeperTask): Promise<unknown>;
  /** Ends every worker that was started, as a browser that is short of memory does. */
  killWorkers(): number;
}

declare global {
  var keeper: Keeper;
  /** Of whoever drives this page; it is not there under a policy. */
  var acknowledged: ((what: number) => void) | undefined;
}

const started: Worker[] = [];
const Original = Worker;
globalThis.Worker = class extends Original {
  constructor(url: string | URL, options?: WorkerOptions) {
    super(url, options);
    started.push(this);
  }
};

globalThis.keeper = {
  perform(task) {
    const tell = (what: number): void => globalThis.acknowledged?.(what);
    if (task.inWorker !== true) return perform(task, tell);
    const worker = new Worker('/keeperWorker.js', { type: 'module' });
    return new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<KeeperWord>) => {
        if ('acknowledged' in data) tell(data.acknowledged);
        else resolve(data.result);
      };
      worker.onerror = event => reject(new Error(event.message));
      worker.postMessage(task);
    });
  },
  killWorkers() {
    const killed = started.splice(0);
    for (const worker of killed) worker.terminate();
    return killed.length;
  },
};

/** Under a policy nobody can call anything here, so what there is to know is written down: what is chosen, and that it works. */
async function report(): Promise<unknown> {
  const found: Record<string, unknown> = {};
  const ways = {
    byItself: {},
    forced: { use: ['opfs'] as BrowserStorageKind[] },
    brought: { worker: () => new Worker('/opfsServer.js', { type: 'module' }) },
  };
  for (const [way, options] of Object.entries(ways)) {
    const storage = browserStorage(`policy-${way.toLowerCase()}`, options);
    try {
      const { kind, passedOver } = await storage.choice;
      const file = await storage.open('a');
      await file.write(3, Uint8Array.of(1, 2));
      await file.flush();
      const read = (await file.read(0, 5))!.join();
      found[way] = { kind, passedOver: passedOver.map(({ kind }) => kind), read };
    } catch (error) {
      found[way] = (error as { code?: string }).code ?? String(error);
    }
    await storage.close().catch(() => undefined);
  }
  return found;
}

if (location.search === '?report') {
  report()
    .catch(String)
    .then(found => {
      const element = document.createElement('pre');
      element.id = 'report';
      element.textContent = JSON.stringify(found);
      document.body.append(element);
    })
    .catch(() => undefined);
}
