// Runs in a worker: replicates a core if it is told to, and joins two ends of its own port for the transport checks.
import { messagePortTransport, relay } from 'rx-hypercore';
import { zip, switchMap } from 'rxjs';
import { replicateByLog, type ServedCore } from './replicate.js';

export type WorkerCommand = { readonly url: string; readonly core: ServedCore };
export type WorkerAnswer = { readonly same: number } | { readonly error: string };

const scope = globalThis as unknown as Parameters<typeof messagePortTransport>[0] & {
  postMessage(message: WorkerAnswer): void;
};

scope.addEventListener('message', event => {
  const { data } = event as unknown as { data: Partial<WorkerCommand> };
  if (data.url === undefined || data.core === undefined) return;
  replicateByLog(data.url, data.core).then(
    same => scope.postMessage({ same }),
    (error: unknown) => scope.postMessage({ error: String(error) }),
  );
});

zip(
  messagePortTransport(scope, { local: 'worker-a', remote: 'a', connectTimeoutMs: 0 }),
  messagePortTransport(scope, { local: 'worker-b', remote: 'b', connectTimeoutMs: 0 }),
)
  .pipe(switchMap(([a, b]) => relay(a, b)))
  .subscribe({ error: () => undefined });
