import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { findChromium } from './scripts/chromium.mjs';
import { startWebServer } from './scripts/webServer.mjs';
import { specs } from './webpack.config.js';

process.env.CHROME_BIN ??= findChromium() ?? '';

/** Where the bundles go: a place of this run. */
const output = mkdtempSync(join(tmpdir(), 'rx-hypercore-karma-'));
process.on('exit', () => rmSync(output, { recursive: true, force: true }));

/** Runs every spec that does not need Node in headless Chromium, with real hypercores behind a bridge beside it. */
export default async function configure(config) {
  const server = await startWebServer();
  config.set({
    frameworks: ['webpack', 'jasmine'],
    plugins: ['karma-webpack', 'karma-jasmine', 'karma-chrome-launcher'],
    files: [
      { pattern: 'spec/browser.ts', watched: false },
      // The workers that specs start: bundles of their own, which the specs fetch by themselves.
      { pattern: join(output, '*.js'), watched: false, included: false, nocache: true },
    ],
    preprocessors: { 'spec/browser.ts': ['webpack'] },
    webpack: {
      ...specs,
      // What the demos and specs call by the package's name is tested from its sources.
      resolve: {
        ...specs.resolve,
        alias: {
          ...specs.resolve.alias,
          'rx-hypercore$': resolve('lib/index.ts'),
          'rx-hypercore/log$': resolve('lib/log/index.ts'),
        },
      },
      output: { path: output },
      optimization: undefined,
    },
    // A worker must come from where the page does.
    proxies: { '/worker.js': `${server.webSocketOrigin.replace('ws', 'http')}/worker.js` },
    webpackMiddleware: { stats: 'errors-only' },
    reporters: ['dots'],
    browsers: ['HeadlessChromium'],
    customLaunchers: {
      HeadlessChromium: {
        base: 'ChromeHeadless',
        flags: [
          '--no-sandbox',
          '--disable-gpu',
          '--disable-quic',
          '--no-first-run',
          '--disable-background-networking',
          '--disable-component-update',
          '--disable-sync',
        ],
      },
    },
    client: { server, captureConsole: true, jasmine: { random: true } },
    browserNoActivityTimeout: 240_000,
    browserDisconnectTimeout: 120_000,
    captureTimeout: 60_000,
    singleRun: true,
    failOnEmptyTestSuite: true,
  });
}
