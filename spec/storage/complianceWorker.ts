// Holds the private file system to the suite from inside a dedicated worker, and answers with what failed.
import { browserEnvironment } from '../../lib/storage/browser/BrowserEnvironment.js';
import { browserStorage } from '../../lib/storage/browser/browserStorage.js';
import { storageCompliance } from '../../lib/testing/storageCompliance.js';

self.onmessage = ({ data }: MessageEvent<{ name: string; seed: number }>) => {
  void run(data.name, data.seed).then(failures => self.postMessage(failures));
};

async function run(name: string, seed: number): Promise<string[]> {
  const environment = { ...browserEnvironment(), startWorker: null };
  const failures: string[] = environment.syncHandles ? [] : ['no synchronous handles here'];
  for (const [i, { what, check }] of storageCompliance({ seed }).entries()) {
    const open = () => browserStorage(`${name}-${i}`, { use: ['opfs'], persist: false, environment });
    try {
      await check({ open });
    } catch (error) {
      failures.push(`${what}: ${String(error)}`);
    }
  }
  return failures;
}
