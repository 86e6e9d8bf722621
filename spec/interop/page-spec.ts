import { type Browser, chromium } from 'playwright-core';
import { findChromium } from '../../scripts/chromium.mjs';
// @ts-expect-error a script of the project, in plain JavaScript
import { startWebServer } from '../../scripts/webServer.mjs';
import type { PageReport } from '../web/page.js';
import type { ServerFacts } from '../web/serverFacts.js';

describe("interop: a page under Content-Security-Policy: script-src 'self'", () => {
  let browser: Browser;
  let report: PageReport;
  let facts: ServerFacts;
  const violations: string[] = [];

  beforeAll(async () => {
    facts = await (startWebServer as () => Promise<ServerFacts>)();
    browser = await chromium.launch({
      executablePath: (findChromium as () => string)(),
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic'],
    });
    const page = await browser.newPage();
    page.on('console', message => void violations.push(message.text()));
    await page.goto(`${facts.webSocketOrigin.replace('ws', 'http')}/page.html`);
    const written = await page.textContent('#report', { timeout: 60_000 });
    report = JSON.parse(written!) as PageReport;
  });

  afterAll(() => browser.close());

  it('is bitten by the policy: no eval, no WebAssembly, no inline script', () => {
    expect(report.error).toBeUndefined();
    const { evaluated, compiledWasm, inlineScript } = report;
    expect({ evaluated, compiledWasm, inlineScript }).toEqual({
      evaluated: false,
      compiledWasm: false,
      inlineScript: false,
    });
    expect(violations.some(text => text.includes('Content Security Policy'))).toBeTrue();
  });

  it('replicates from hypercore 10 and 11, in the page and in a worker', () => {
    const all = Object.fromEntries(facts.cores.map(({ version, count }) => [version, count]));
    expect(Object.keys(all)).toEqual(['10', '11']);
    expect(report.same).toEqual(all);
    expect(report.sameInWorker).toEqual(all);
  });
});
