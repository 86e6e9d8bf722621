// Benchmarks in headless Chromium: `npm run bench:browser -- [--quick] [--only=workload,…] [--rounds=7] [--save]`. The
// official stack takes part, on `sodium-javascript` as in any page, with the function its handshake lacks put in. All of
// it is written to bench/results as a table, a chart and numbers; a part of it only with --save.
import { build } from 'esbuild';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import Hypercore10 from 'hypercore-10';
import RAM from 'random-access-memory';
import { machine } from '../bench/machine.mjs';
import { median } from '../bench/median.mjs';
import { ratiosOf } from '../bench/ratios.mjs';
import { chart, table } from '../bench/report.mjs';
import { bridgeCores } from '../dist/bridge/index.js';
import { findChromium } from './chromium.mjs';

/** Blocks of 1 KiB that are replicated at a time. */
const BLOCKS = 10_000;

const flags = process.argv.slice(2);
const option = name => flags.find(flag => flag.startsWith(`--${name}=`))?.split('=')[1];
const quick = flags.includes('--quick');
const rounds = Number(option('rounds') ?? (quick ? 2 : 7));
const only = option('only') ?? '';
const chromium = findChromium();
if (chromium === null) {
  console.error('no Chromium found: set CHROME_BIN');
  process.exit(1);
}

const { outputFiles } = await build({
  entryPoints: ['bench/browser/page.mjs', 'bench/browser/server.mjs'],
  outdir: '/',
  bundle: true,
  write: false,
  format: 'esm',
  target: 'es2022',
  platform: 'browser',
  minify: true,
  logLevel: 'error',
  define: { global: 'globalThis', 'process.env.NODE_ENV': '"production"' },
  alias: { 'sodium-universal': resolve('bench/browser/sodium.cjs') },
});
const scripts = new Map(outputFiles.map(({ path, text }) => [path, text]));

const { results: raw, replicated, runtime } = await runInPage();
const results = raw.map(result => ({
  ...result,
  medians: Object.fromEntries(Object.entries(result.samples).map(([side, rates]) => [side, median(rates)])),
  ratios: ratiosOf(result.samples),
}));
const browserName = /Chrome\/\S+/.exec(runtime)?.[0].replace('/', ' ') ?? runtime;
const where = {
  ...machine(['sodium-javascript']),
  runtime: browserName,
  rounds,
  part: ', each of a part of the work named',
};
if (replicated.length > 0) {
  const rows = replicated.map(({ title, samples }) => `| ${title} | ${median(samples).toFixed(0)} |`);
  const lines = [
    '# Replication in Chromium, on the WASM backend',
    '',
    `${where.date} · ${where.processor} · ${browserName}`,
  ];
  lines.push(
    '',
    `Medians of ${rounds} runs of ${BLOCKS} blocks.`,
    '',
    '| what | blocks/s |',
    '| --- | ---: |',
    ...rows,
    '',
  );
  if (where.load > 1) lines.push('The machine was busy with other things: it can do more than this.', '');
  console.log(`\n${lines.join('\n')}`);
  if (!quick || flags.includes('--save')) {
    mkdirSync('bench/results', { recursive: true });
    writeFileSync('bench/results/chromium-replicate.md', lines.join('\n'));
  }
}
const report = table(results, where, 'Benchmarks in Chromium');
console.log(`\n${report}`);
if ((only === '' && !quick) || flags.includes('--save')) {
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
    } else if (scripts.has(request.url)) {
      response.setHeader('content-type', 'text/javascript');
      response.end(scripts.get(request.url));
    } else if (request.url === '/core.json') {
      response.end(JSON.stringify({ key: [...core.key], count: BLOCKS }));
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
  const core = new Hypercore10(() => new RAM());
  await core.ready();
  const block = new Uint8Array(1024).fill(7);
  await core.append(Array.from({ length: BLOCKS }, () => block));
  const bridge = bridgeCores({ server, path: '/cores', cores: [core], origins: () => true }).subscribe();
  const profile = mkdtempSync(join(tmpdir(), 'bench-browser-'));
  const url = `http://127.0.0.1:${server.address().port}/?rounds=${rounds}&only=${only}`;
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
    bridge.unsubscribe();
    server.closeAllConnections();
    server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
