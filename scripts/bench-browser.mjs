// Benchmarks in headless Chromium: `npm run bench:browser -- [--rounds=5] [--save]`. The official stack takes part if
// `sodium-javascript`, on which it runs in pages, is installed.
import { build } from 'esbuild';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { machine } from '../bench/machine.mjs';
import { chart, table } from '../bench/report.mjs';
import { findChromium } from './chromium.mjs';

const rounds = Number(process.argv.find(argument => argument.startsWith('--rounds='))?.split('=')[1] ?? 5);
const chromium = findChromium();
if (chromium === null) {
  console.error('no Chromium found: set CHROME_BIN');
  process.exit(1);
}

const sodium = installed('sodium-javascript');
if (sodium === null) console.log('sodium-javascript is not installed: without the official stack');
const { outputFiles } = await build({
  entryPoints: ['bench/browser/page.mjs'],
  bundle: true,
  write: false,
  format: 'esm',
  target: 'es2022',
  platform: 'browser',
  minify: true,
  logLevel: 'error',
  define: { global: 'globalThis', 'process.env.NODE_ENV': '"production"' },
  nodePaths: (process.env.NODE_PATH ?? '').split(':').filter(Boolean),
  alias: {
    'official-side': resolve(sodium === null ? 'bench/browser/none.mjs' : 'bench/browser/official.mjs'),
    ...(sodium !== null && { 'sodium-universal': resolve('bench/browser/sodium.mjs') }),
  },
});
const script = outputFiles[0].text;

const { results: raw, runtime } = await runInPage();
const results = raw.map(result => ({
  ...result,
  medians: Object.fromEntries(Object.entries(result.samples).map(([side, rates]) => [side, median(rates)])),
}));
const where = { ...machine(), runtime: /Chrome\/\S+/.exec(runtime)?.[0].replace('/', ' ') ?? runtime };
if (sodium !== null) where.versions['sodium-javascript'] = sodium;
const report = table(results, where, 'Benchmarks in Chromium');
console.log(`\n${report}`);
if (process.argv.includes('--save')) {
  mkdirSync('bench/results', { recursive: true });
  writeFileSync('bench/results/chromium.md', report);
  writeFileSync('bench/results/chromium.svg', chart(results, where, 'rx-hypercore in Chromium'));
  writeFileSync('bench/results/chromium.json', JSON.stringify({ ...where, results }, null, 1) + '\n');
  console.log('written to bench/results');
}

/** Serves the page, opens it, and waits until it reports. */
async function runInPage() {
  let finish;
  const finished = new Promise((resolvePage, reject) => {
    finish = message => (message.error ? reject(new Error(message.error)) : resolvePage(message));
  });
  const server = createServer((request, response) => {
    if (request.method === 'POST') {
      const parts = [];
      request.on('data', part => parts.push(part));
      request.on('end', () => {
        response.end();
        const message = JSON.parse(Buffer.concat(parts).toString());
        if (message.progress) console.log(`  ${message.progress}`);
        else finish(message);
      });
    } else if (request.url.startsWith('/page.js')) {
      response.setHeader('content-type', 'text/javascript');
      response.end(script);
    } else {
      response.setHeader('content-type', 'text/html');
      // What fails while the page loads would otherwise be waited for in vain.
      const tell = `addEventListener('error', ({ message, filename, lineno, colno }) => fetch('/', { method: 'POST',
        body: JSON.stringify({ error: message + ' at ' + filename + ':' + lineno + ':' + colno }) }))`;
      const page = `<script>${tell}</script><script type="module" src="/page.js"></script>`;
      response.end(`<!doctype html><meta charset="utf-8">${page}`);
    }
  });
  await new Promise(listening => server.listen(0, '127.0.0.1', listening));
  const profile = mkdtempSync(join(tmpdir(), 'bench-browser-'));
  const url = `http://127.0.0.1:${server.address().port}/?rounds=${rounds}`;
  const browser = spawn(
    chromium,
    ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', `--user-data-dir=${profile}`, url],
    { stdio: ['ignore', 'ignore', process.env.BENCH_DEBUG ? 'inherit' : 'ignore'] },
  );
  browser.on('exit', code => finish({ error: `Chromium exited with ${code}` }));
  try {
    return await finished;
  } finally {
    const gone = new Promise(exited => browser.on('exit', exited));
    browser.kill();
    await gone;
    server.closeAllConnections();
    server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Version of a package, in this project or on NODE_PATH; null if it is not there. */
function installed(name) {
  const require = createRequire(import.meta.url);
  try {
    return require(`${name}/package.json`).version;
  } catch {
    return null;
  }
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
