import { resolve } from 'node:path';
import { findChromium } from './scripts/chromium.mjs';
import { startWebServer } from './scripts/webServer.mjs';
import { specs } from './webpack.config.js';

process.env.CHROME_BIN ??= findChromium() ?? '';

/** Runs every spec that does not need Node in headless Chromium, with real hypercores behind a bridge beside it. */
export default async function configure(config) {
  const server = await startWebServer();
  config.set({
    frameworks: ['webpack', 'jasmine'],
    plugins: ['karma-webpack', 'karma-jasmine', 'karma-chrome-launcher'],
    files: [{ pattern: 'spec/browser.ts', watched: false }],
    preprocessors: { 'spec/browser.ts': ['webpack'] },
    webpack: {
      ...specs,
      // What the demos and specs call by the package's name is tested from its sources.
      resolve: {
        ...specs.resolve,
        alias: { ...specs.resolve.alias, 'rx-hypercore$': resolve('lib/index.ts') },
      },
      output: undefined,
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
    client: { server, captureConsole: true, jasmine: { random: true, timeoutInterval: 30_000 } },
    browserNoActivityTimeout: 240_000,
    browserDisconnectTimeout: 30_000,
    captureTimeout: 60_000,
    singleRun: true,
    failOnEmptyTestSuite: true,
  });
}
