import type { Page } from 'playwright-core';
import { DemoBrowser, overflow, violations } from './DemoBrowser.js';
import { DemoServer } from './DemoServer.js';

const BACKLOG = 1_200;

describe('demo: the page, in Chromium', () => {
  let server: DemoServer;
  let browser: DemoBrowser;
  const pages: Page[] = [];

  beforeAll(async () => {
    server = await DemoServer.start(BACKLOG);
    browser = await DemoBrowser.launch();
  }, 240_000);

  afterEach(async () => {
    for (const page of pages.splice(0)) await page.context().close();
    expect(browser.complaints.splice(0)).toEqual([]);
  });

  afterAll(async () => {
    await browser?.close();
    expect(await server?.end()).toEqual({ code: 0, left: [] });
    expect(server?.printed).toMatch(/closed +nothing is left behind\n$/);
  });

  async function open(options: Parameters<DemoBrowser['open']>[1] = {}, hash = ''): Promise<Page> {
    const page = await browser.open(server.url + hash, options);
    pages.push(page);
    return page;
  }

  /** How many blocks the page says are here. */
  async function here(page: Page): Promise<number> {
    return Number(await page.getByRole('progressbar').getAttribute('aria-valuenow'));
  }

  async function grows(page: Page, from: number): Promise<void> {
    for (let i = 0; (await here(page)) <= from; i++) {
      if (i === 200) throw new Error(`still ${from} blocks`);
      await page.waitForTimeout(50);
    }
  }

  const complete = (page: Page): Promise<void> => page.getByText('complete and verified').waitFor();
  const status = (page: Page, word: string): Promise<void> =>
    page.getByRole('status').filter({ hasText: word }).waitFor();
  const press = (page: Page, name: string): Promise<void> => page.getByRole('radio', { name }).click();

  it('was read from Node before any browser came', () => {
    expect(server.printed).toMatch(/peer +rx-hypercore read and verified 12\d\d blocks, \d+ bytes/);
    expect(server.printed).toMatch(/bridge +#1 connected from Node\nbridge +#1 proved its key/);
  });

  it('downloads what there is, follows live, and says how it connected', async () => {
    const page = await open();
    await status(page, 'Connected');
    await complete(page);
    const first = await here(page);
    expect(first).toBeGreaterThanOrEqual(BACKLOG);
    await grows(page, first);
    const connection = page.getByRole('region', { name: 'Connection' });
    expect(await connection.getByRole('listitem').allTextContents()).toEqual([
      jasmine.stringMatching(/^Dial\d+ ms$/),
      jasmine.stringMatching(/^Handshake\d+ ms$/),
      jasmine.stringMatching(/^Secured/),
      jasmine.stringMatching(/^Channels(plot, room|room, plot)$/),
    ]);
    expect(await connection.getByText(/^[0-9a-f]{10}…$/).count()).toBe(2);
    const blocks = page.getByRole('region', { name: 'Blocks' }).getByRole('listitem');
    expect(await blocks.first().textContent()).toMatch(/^#1,\d{3}figure \d+ · stretch \d+\d+ B$/);
    // The figure is drawn: the canvas is not empty.
    const drawn = await page.locator('demo-plot-sheet .paper canvas').evaluate(canvas => {
      const { width, height } = canvas as HTMLCanvasElement;
      const { data } = (canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height);
      return data.filter((value, at) => at % 4 === 3 && value > 0).length;
    });
    expect(drawn).toBeGreaterThan(500);
  });

  it('runs under a policy that lets nothing run but its own script', async () => {
    const page = await open();
    const answer = await page.request.get(server.url);
    expect(answer.headers()['content-security-policy']).toContain("script-src 'self';");
    const blocked = await page.evaluate(
      () =>
        new Promise<string>(resolve => {
          document.addEventListener('securitypolicyviolation', event => resolve(event.effectiveDirective));
          const script = document.createElement('script');
          script.textContent = 'globalThis.inlineRan = true';
          document.head.append(script);
        }),
    );
    expect(blocked).toBe('script-src-elem');
    expect(await page.evaluate(() => 'inlineRan' in globalThis)).toBeFalse();
    browser.complaints.splice(0); // Chromium says so in the console
    for (const path of ['/nothing', '/main.js/../../package.json', '/%2e%2e/package.json', '/constructor']) {
      expect((await page.request.get(server.url + path)).status())
        .withContext(path)
        .toBe(404);
    }
  });

  it('chats with another page, both ways', async () => {
    const [one, other] = [await open(), await open()];
    const say = async (page: Page, text: string): Promise<void> => {
      await page.getByPlaceholder('Say something').fill(text);
      await page.keyboard.press('Enter');
      // At once, whether or not a frame was drawn since it was typed.
      expect(await page.getByPlaceholder('Say something').inputValue()).toBe('');
    };
    await one.getByText('2 pages are here').waitFor();
    await say(one, 'hello from one');
    await other.getByRole('log').getByText('hello from one').waitFor();
    await say(other, '<b>and</b> from the other');
    await one.getByRole('log').getByText('<b>and</b> from the other').waitFor();
    expect(await one.locator('.mine').allTextContents()).toEqual([
      jasmine.stringMatching(/^youhello from one$/),
    ]);
    expect(await other.locator('.mine').count()).toBe(1);
    await other.context().close();
    pages.pop();
    await one.getByText('only you are here').waitFor();
  });

  it('comes back from a link that was cut, without a reload, to the same bridge as who it was', async () => {
    const page = await open();
    await complete(page);
    await page.evaluate(() => ((globalThis as { sameDocument?: boolean }).sameDocument = true));
    const badges = page.locator('demo-peer-badge');
    const ids = await badges.allTextContents();
    expect(ids.length).toBe(2);
    await press(page, 'Cut it');
    await status(page, 'Link lost');
    await page.getByText('The link is cut.').waitFor();
    const before = await here(page);
    await page.getByText(/^attempt [23] in \d/).waitFor();
    expect(await page.getByRole('button', { name: 'Send' }).isDisabled()).toBeTrue();
    expect(await violations(page)).toEqual([]);
    await press(page, 'Full speed');
    await status(page, 'Connected');
    await grows(page, before);
    await complete(page);
    await page.getByText('came back once').waitFor();
    expect(await badges.allTextContents()).toEqual(ids);
    expect(await page.evaluate(() => (globalThis as { sameDocument?: boolean }).sameDocument)).toBeTrue();
    await page.getByPlaceholder('Say something').fill('still here');
    await page.keyboard.press('Enter');
    await page.locator('.mine').getByText('still here').waitFor();
  });

  it('bears a slow link, and catches up when it is fast again', async () => {
    const page = await open({}, '#slow');
    await status(page, 'Connected');
    await page.waitForTimeout(2_500);
    const slow = await here(page);
    expect(slow).toBeLessThan(BACKLOG / 2);
    await page.getByText(/missing/).waitFor();
    await press(page, 'Full speed');
    await complete(page);
    expect(await here(page)).toBeGreaterThanOrEqual(BACKLOG);
    expect(await page.getByText(/came back/).count()).toBe(0);
  });

  it('shows what crosses the wire, and no secret of it', async () => {
    const page = await open();
    await complete(page);
    const wire = page.getByRole('region', { name: 'Wire inspector' });
    const entries = wire.locator('.entry');
    const only = async (name: string): Promise<void> => {
      for (const chip of await wire.getByRole('group', { name: 'Show' }).getByRole('button').all()) {
        const wanted = (await chip.textContent())!.trim() === name;
        if (((await chip.getAttribute('aria-pressed')) === 'true') !== wanted) await chip.click();
      }
    };
    await only('Data');
    await entries.filter({ hasText: 'signed upgrade' }).first().click();
    const detail = page.locator('demo-wire-detail');
    expect(await detail.getByRole('heading').textContent()).toBe('data');
    expect(await detail.textContent()).toMatch(/upgrade\.signature[0-9a-f]{24}… \(\d+ bytes\)/);
    expect(await detail.textContent()).toMatch(/block\.value\{"figure":/);
    // It is paused now: the list stands still while more comes.
    const shown = await entries.first().textContent();
    await page.getByRole('button', { name: /newer$/ }).waitFor();
    expect(await entries.first().textContent()).toBe(shown);
    expect(await violations(page)).toEqual([]);
    await page.getByRole('button', { name: /newer$/ }).click();
    await page.getByRole('button', { name: 'Close details' }).click();
    await detail.waitFor({ state: 'detached' });
    // The opens are long gone from a list that is bounded; a new connection has new ones.
    await press(page, 'Cut it');
    await status(page, 'Link lost');
    await press(page, 'Full speed');
    await status(page, 'Connected');
    await only('Open, close');
    await entries.filter({ hasText: '←' }).filter({ hasText: 'open' }).first().click();
    expect(await detail.textContent()).toMatch(
      /protocolhypercore\/alpha.*capabilityhidden \(33 bytes with flags\)/,
    );
    expect(await entries.count()).toBeLessThan(40);
    await only('Handshake');
    expect(await entries.filter({ hasText: 'noise e' }).count()).toBeGreaterThanOrEqual(2);
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`has nothing that axe complains of, in ${colorScheme} colours`, async () => {
      const page = await open({ colorScheme });
      await complete(page);
      const themed = (theme: string): Promise<void> =>
        page.locator(`html[data-theme="${theme}"]`).waitFor({ state: 'attached' });
      await themed(colorScheme);
      expect(await violations(page)).toEqual([]);
      await page.getByRole('button', { name: 'Dark colours' }).click();
      const other = colorScheme === 'light' ? 'dark' : 'light';
      await themed(other);
      await page.reload();
      await themed(other);
    });
  }

  it('fits a phone, and is used without a pointer', async () => {
    const page = await open({
      viewport: { width: 360, height: 740 },
      reducedMotion: 'reduce',
      hasTouch: true,
    });
    await complete(page);
    expect(await overflow(page)).toBe(0);
    expect(await violations(page)).toEqual([]);
    await page.getByRole('radio', { name: 'Full speed' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await status(page, 'Link lost');
    expect(await overflow(page)).toBe(0);
    await page.keyboard.press('ArrowRight');
    await status(page, 'Connected');
    await page.locator('.entry').first().focus();
    await page.keyboard.press('Enter');
    await page.locator('demo-wire-detail').waitFor();
    expect(await overflow(page)).toBe(0);
  });
});
