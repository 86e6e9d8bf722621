// A page under a strict Content-Security-Policy: says what the policy forbids, then replicates by the verified log, here and in a worker.
import { replicateByLog } from './replicate.js';
import type { ServerFacts } from './serverFacts.js';
import type { WorkerAnswer } from './worker.js';

export interface PageReport {
  /** Whether the policy let these through. */
  readonly evaluated: boolean;
  readonly compiledWasm: boolean;
  readonly inlineScript: boolean;
  /** Blocks that were the same, by version of hypercore. */
  readonly same: Readonly<Record<string, number>>;
  readonly sameInWorker: Readonly<Record<string, number>>;
  readonly error?: string;
}

/** The smallest module there is. */
const emptyWasm = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

async function report(): Promise<PageReport> {
  const facts = (await (await fetch('/facts.json')).json()) as ServerFacts;
  const same: Record<string, number> = {};
  const sameInWorker: Record<string, number> = {};
  for (const core of facts.cores) {
    const url = `${location.origin.replace('http', 'ws')}/cores`;
    same[core.version] = await replicateByLog(url, core);
    const worker = new Worker('/worker.js', { type: 'module' });
    sameInWorker[core.version] = await new Promise<number>((resolve, reject) => {
      worker.addEventListener('message', ({ data }: MessageEvent<WorkerAnswer>) => {
        if ('same' in data) resolve(data.same);
        else if ('error' in data) reject(new Error(data.error));
      });
      worker.addEventListener('error', event => reject(new Error(event.message)));
      worker.postMessage({ url, core });
    });
    worker.terminate();
  }
  return {
    evaluated: allowed(() => void (0, eval)('1')),
    compiledWasm: allowed(() => void new WebAssembly.Module(emptyWasm)),
    inlineScript: (globalThis as { inlineRan?: boolean }).inlineRan === true,
    same,
    sameInWorker,
  };
}

function allowed(act: () => void): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}

/** The policy forbids whoever drives this page to evaluate anything in it, so what there is to know is written down. */
function show(found: Partial<PageReport>): void {
  const element = document.createElement('pre');
  element.id = 'report';
  element.textContent = JSON.stringify(found);
  document.body.append(element);
}

report().then(show, (error: unknown) => show({ error: String(error) }));
