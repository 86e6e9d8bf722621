import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Hypercore10 from 'hypercore-10';
// @ts-expect-error it carries no types
import RandomAccessFile from 'random-access-file';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { findChromium } from '../../scripts/chromium.mjs';
import type { BrowserStorageKind } from '../../lib/storage/browser/index.js';
import { Random } from '../helpers/random.js';
import type { KeeperFindings, KeeperTask } from './pages/keeper.js';
import { sizeOf } from './pages/sizeOf.js';
import { blockBytes } from './peers/blockBytes.mjs';
import { KeeperSite } from './support/KeeperSite.js';
import { long, sized } from './support/longRuns.js';
import { patienceMs } from '../support/patience.js';

const BLOCKS = sized(200, 3000);
const timeoutMs = sized(2 * patienceMs, 900_000);

describe('interop: a page that keeps cores', () => {
  const random = new Random('page storage');
  let site: KeeperSite;
  let profile: string;
  let context: BrowserContext;
  let page: Page;
  /** What the page said was acknowledged since it was opened. */
  let acknowledged: number[] = [];

  beforeAll(async () => {
    site = await KeeperSite.start(BLOCKS);
    profile = mkdtempSync(join(tmpdir(), 'rx-hypercore-profile-'));
    context = await chromium.launchPersistentContext(profile, {
      executablePath: (findChromium as () => string)(),
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic'],
    });
    await context.exposeBinding('acknowledged', (_, what: number) => void acknowledged.push(what));
    page = await openPage();
  });

  afterAll(async () => {
    await context.close();
    await site.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  });

  async function openPage(): Promise<Page> {
    const opened = await context.newPage();
    await opened.goto(`${site.origin}/keeper.html`);
    return opened;
  }

  const perform = (task: KeeperTask, on: Page = page): Promise<unknown> =>
    on.evaluate(given => globalThis.keeper.perform(given), task);

  /** Starts what is going to be killed; that its promise never settles, or rejects with the page, is as it should be. */
  async function begin(task: KeeperTask): Promise<void> {
    acknowledged = [];
    await page.evaluate(given => void globalThis.keeper.perform(given), task);
    const deadline = Date.now() + patienceMs;
    while (acknowledged.length < 2) {
      if (Date.now() > deadline) throw new Error('nothing was acknowledged');
      await passed(5);
    }
    await passed(random.integer(0, 150));
  }

  /** Every way in which a page loses what it was about to write. */
  const kills: Readonly<Record<string, () => Promise<void>>> = {
    'the page is reloaded': async () => {
      await page.reload();
      await page.waitForFunction(() => 'keeper' in globalThis);
    },
    'the tab is closed': async () => {
      await page.close();
      page = await openPage();
    },
    'its workers are killed': async () => {
      expect(await page.evaluate(() => globalThis.keeper.killWorkers())).toBeGreaterThan(0);
    },
  };

  const places = {
    'in the private file system': { use: 'opfs' },
    'in the private file system, all of it in a worker': { use: 'opfs', inWorker: true },
    'in IndexedDB': { use: 'indexeddb' },
    'in IndexedDB, all of it in a worker': { use: 'indexeddb', inWorker: true },
  } as const;

  for (const [where, place] of Object.entries(places)) {
    const inWorker = 'inWorker' in place;
    for (const [how, kill] of Object.entries(kills)) {
      // A page has a worker for its private file system only.
      if (place.use === 'indexeddb' && !inWorker && how === 'its workers are killed') continue;
      // All pairs in a long run, for each place one in a normal one.
      if (!long && how !== (inWorker ? 'its workers are killed' : 'the page is reloaded')) continue;

      it(
        `has every append that was acknowledged when ${how}, ${where}`,
        async () => {
          const name = `append-${Date.now()}`;
          let before = 0;
          for (let round = 0; round < sized(2, 10); round++) {
            await begin({ act: 'append', name, ...place });
            await kill();
            const told = Math.max(...acknowledged);
            const found = (await perform({ act: 'check', name, ...place })) as KeeperFindings;
            expect(found.wrong).withContext(JSON.stringify(found)).toEqual([]);
            expect(found.length).toBeGreaterThanOrEqual(told);
            expect(found.here).toBe(found.length);
            expect(told).toBeGreaterThan(before);
            before = found.length;
          }
          await openInHypercore10(name, before, { act: 'export', name, ...place });
        },
        timeoutMs,
      );

      if (!long && (place.use === 'opfs') === inWorker) continue;

      it(
        `has every block that was downloaded when ${how}, ${where}`,
        async () => {
          const task = { name: `download-${Date.now()}`, from: site.from, count: BLOCKS, ...place };
          for (let round = 0; round < sized(1, 10); round++) {
            await begin({ act: 'download', ...task });
            await kill();
            const told = Math.max(...acknowledged) + 1;
            const found = (await perform({ act: 'check', ...task })) as KeeperFindings;
            expect(found.wrong).withContext(JSON.stringify(found)).toEqual([]);
            expect(found.length).toBe(BLOCKS);
            expect(found.here).toBeGreaterThanOrEqual(told);
          }
          expect(await perform({ act: 'download', ...task })).toBe(BLOCKS);
        },
        timeoutMs,
      );
    }
  }

  /** The files as they lie in the browser are a core of hypercore 10. */
  async function openInHypercore10(name: string, length: number, task: KeeperTask): Promise<void> {
    const files = (await perform(task)) as Record<string, string>;
    const folder = join(profile, `copy-${name}`);
    mkdirSync(folder);
    for (const [file, text] of Object.entries(files)) {
      if (text.length > 0) writeFileSync(join(folder, file), Buffer.from(text, 'latin1'));
    }
    const core = new Hypercore10(
      file => new (RandomAccessFile as new (path: string) => object)(join(folder, file)),
      null,
    );
    await core.ready();
    expect(core.length).toBe(length);
    for (let index = 0; index < length; index++) {
      const block = await core.get(index);
      expect(Buffer.compare(block, blockBytes(index, sizeOf(index)))).toBe(0);
    }
    await core.close();
  }

  it('lets one tab write, and the other once the first is closed', async () => {
    const inTurns = async (use: BrowserStorageKind): Promise<void> => {
      const task = { name: `tabs-${use}`, use };
      const other = await openPage();
      expect(await perform({ act: 'hold', ...task }, other)).toBe('held');
      expect(await perform({ act: 'check', ...task })).toBe('ERR_STORAGE_LOCKED');
      await other.close();
      expect(await perform({ act: 'fill', count: 10, ...task })).toBeGreaterThanOrEqual(10);
    };
    await Promise.all([inTurns('opfs'), inTurns('indexeddb')]);
  });

  if (long) {
    it('says when the quota is used up, loses nothing, and goes on once there is room', async () => {
      const session = await context.newCDPSession(page);
      const { origin } = site;
      for (const use of ['opfs', 'indexeddb'] as const) {
        const task = { name: `quota-${use}`, use };
        await perform({ act: 'fill', count: 20, ...task });
        const { usage } = (await session.send('Storage.getUsageAndQuota', { origin })) as { usage: number };
        await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: usage + 400_000 });
        acknowledged = [];
        expect(await perform({ act: 'fill', count: 20_000, ...task })).toBe('ERR_STORAGE_QUOTA');
        const told = Math.max(...acknowledged);
        expect(told).toBeGreaterThan(20);
        const full = (await perform({ act: 'check', ...task })) as KeeperFindings;
        expect(full.wrong)
          .withContext(`${use}: ${JSON.stringify(full)}`)
          .toEqual([]);
        expect(full.length).toBeGreaterThanOrEqual(told);
        await session.send('Storage.overrideQuotaForOrigin', { origin });
        const more = full.length + 100;
        expect(await perform({ act: 'fill', count: more, ...task })).toBeGreaterThanOrEqual(more);
        const after = (await perform({ act: 'check', ...task })) as KeeperFindings;
        expect(after.wrong).toEqual([]);
        expect(after.here).toBe(after.length);
      }
    });
  }

  it("chooses what script-src 'self' leaves it, and has the private file system by a worker of the page's own", async () => {
    const strict = await context.newPage();
    await strict.goto(`${site.origin}/strict.html?report`);
    const report = JSON.parse((await strict.textContent('#report', { timeout: patienceMs }))!) as unknown;
    await strict.close();
    expect(report).toEqual({
      byItself: { kind: 'indexeddb', passedOver: ['opfs'], read: '0,0,0,1,2' },
      forced: 'ERR_STORAGE_FAILED',
      brought: { kind: 'opfs', passedOver: [], read: '0,0,0,1,2' },
    });
  });
});

const passed = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));
