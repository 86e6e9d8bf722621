import { readFileSync } from 'node:fs';

describe('opfsWorkerSource', () => {
  it('is what serveOpfs and what it stands on are now (npm run opfs-worker)', async () => {
    const script = new URL('../../../scripts/opfs-worker.mjs', import.meta.url).href;
    const { opfsWorkerModule } = (await import(script)) as { opfsWorkerModule: () => Promise<string> };
    expect(readFileSync('lib/storage/browser/opfs/opfsWorkerSource.ts', 'utf8')).toBe(
      await opfsWorkerModule(),
    );
  });
});
