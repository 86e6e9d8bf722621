import { findChromium } from './scripts/chromium.mjs';
import { specs } from './webpack.config.js';

process.env.CHROME_BIN ??= findChromium() ?? '';

/** Runs every spec that does not need Node in headless Chromium. */
export default function configure(config) {
  config.set({
    frameworks: ['webpack', 'jasmine'],
    plugins: ['karma-webpack', 'karma-jasmine', 'karma-chrome-launcher'],
    files: [{ pattern: 'spec/browser.ts', watched: false }],
    preprocessors: { 'spec/browser.ts': ['webpack'] },
    webpack: { ...specs, output: undefined, optimization: undefined },
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
    client: { captureConsole: true, jasmine: { random: true, timeoutInterval: 30_000 } },
    browserNoActivityTimeout: 240_000,
    browserDisconnectTimeout: 30_000,
    captureTimeout: 60_000,
    singleRun: true,
    failOnEmptyTestSuite: true,
  });
}
