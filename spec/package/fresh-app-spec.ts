import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as log from 'rx-hypercore/log';
import * as index from 'rx-hypercore';
import * as bundle from 'rx-hypercore/bundle';
import * as rxjs from 'rxjs';
import type { Browser } from 'playwright-core';
// @ts-expect-error a script of the project, in plain JavaScript
import * as check from '../../scripts/fresh-app/check.mjs';
// @ts-expect-error likewise
import * as make from '../../scripts/fresh-app/make.mjs';
// @ts-expect-error likewise
import * as serving from '../../scripts/fresh-app/server.mjs';
// @ts-expect-error likewise
import * as visiting from '../../scripts/fresh-app/visit.mjs';

interface Report {
  readonly problems: readonly string[];
  readonly blocks: number;
  readonly gzip: number;
}
interface ServedCore {
  readonly key: string;
  append(count: number): Promise<void>;
}
interface Server {
  readonly origin: string;
  readonly cores: readonly ServedCore[];
  show(folder: string): void;
  close(): Promise<void>;
}

const { checkApps, launch } = check as {
  checkApps: (names: readonly string[], directory: string) => AsyncIterable<Report>;
  launch: () => Promise<Browser>;
};
const { apps, complaints } = make as {
  apps: Record<string, { readonly explained: readonly RegExp[] }>;
  complaints: (output: string, explained: readonly RegExp[]) => string[];
};
const { startServer } = serving as { startServer: () => Promise<Server> };
const { visit } = visiting as {
  visit: (browser: Browser, origin: string, core: ServedCore, timeoutMs?: number) => Promise<string[]>;
};

describe('a fresh application (needs npm run build; npm run fresh-app makes those that need the registry)', () => {
  let directory: string;

  beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'rx-hypercore-fresh-'))));
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('without a bundler takes one file of the packed library, and replicates from hypercore 10 and 11', async () => {
    for await (const { problems, blocks, gzip } of checkApps(['module'], directory)) {
      expect(problems).toEqual([]);
      expect(blocks).toBe(2 * 220);
      expect(gzip).toBeLessThan(127_500);
    }
  });

  it('is refused for what it says on its console, for what the policy forbids, and for a wrong block', async () => {
    const script = `
      console.warn('oh');
      import('./missing.js').catch(() => undefined);
      document.querySelector('ol').innerHTML = '<li>another block</li>';
      throw new Error('thrown');`;
    writeFileSync(join(directory, 'main.js'), script);
    writeFileSync(
      join(directory, 'index.html'),
      '<!doctype html><ol></ol><script>inline</script><script type="module" src="main.js"></script>',
    );
    const server = await startServer();
    const browser = await launch();
    try {
      server.show(directory);
      await server.cores[0].append(1);
      const problems = await visit(browser, server.origin, server.cores[0], 5_000);
      for (const problem of ['oh', 'Content Security Policy', '404', 'thrown', 'another block'])
        expect(problems.filter(found => found.includes(problem)).length)
          .withContext(problem)
          .toBe(1);
    } finally {
      await browser.close();
      await server.close();
    }
  });

  it('is refused for what its builder says that nobody explained, and for explanations nobody needs', () => {
    const warning = (
      name: string,
    ): string => `▲ [WARNING] Module '${name}' used by 'node_modules/rx-hypercore/dist/a.js' is not ESM

  CommonJS or AMD dependencies can cause optimization bailouts.
  For more information see: https://angular.dev/tools/cli/build#configuring-commonjs-dependencies
`;
    const { explained } = apps['angular'];
    const known = ['compact-encoding', 'crc-32', 'flat-tree', 'tweetnacl'].map(warning).join('\n');
    expect(complaints(known, explained)).toEqual([]);
    expect(complaints(`${known}\n${warning('other')}`, explained)).toEqual([
      jasmine.stringContaining("Module 'other'"),
    ]);
    expect(complaints(warning('crc-32').replace('rx-hypercore', 'other'), []).length).toBe(1);
    expect(complaints('✔ Building...', explained).length).toBe(explained.length);
  });
});

describe('the bundle for pages without a bundler (needs npm run build)', () => {
  it("names what 'rx-hypercore' and 'rx-hypercore/log' name, and all of rxjs", () => {
    const names = [...Object.keys(index), ...Object.keys(log)];
    expect(Object.keys(bundle).sort()).toEqual([...new Set(names), 'rxjs'].sort());
    expect(new Set(names).size).toBe(names.length);
    // What Node adds to a CommonJS package, which rxjs is there.
    const ofRxjs = Object.keys(rxjs).filter(
      name => !['__esModule', 'default', 'module.exports'].includes(name),
    );
    expect(Object.keys(bundle.rxjs).sort()).toEqual(ofRxjs.sort());
  });
});
