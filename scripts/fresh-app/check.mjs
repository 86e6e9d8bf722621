import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { findChromium } from '../chromium.mjs';
import { make, pack, sizeOf } from './make.mjs';
import { startServer } from './server.mjs';
import { visit } from './visit.mjs';

/** Blocks in each core before a page comes. */
const BLOCKS = 200;

/**
 * Makes the named applications in a folder, and visits each of them once for each version of hypercore. Yields a report
 * of each: its size, how many blocks were written and shown, and what is wrong with it.
 */
export async function* checkApps(names, directory) {
  const tarball = await pack(directory);
  const browser = await launch();
  try {
    const server = await startServer();
    try {
      for (const core of server.cores) await core.append(BLOCKS);
      for (const name of names) yield await checkApp(name, { tarball, directory, browser, server });
    } finally {
      await server.close();
    }
  } finally {
    await browser.close();
  }
}

/** The browser that looks at the pages. */
export function launch() {
  return chromium.launch({
    executablePath: findChromium(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic'],
  });
}

async function checkApp(name, { tarball, directory, browser, server }) {
  const started = Date.now();
  const home = join(directory, name);
  await mkdir(home);
  const { folder, problems } = await make(name, tarball, home);
  server.show(folder);
  let blocks = 0;
  for (const core of server.cores) {
    const found = await visit(browser, server.origin, core);
    if (found.length === 0) blocks += core.written.length;
    problems.push(...found.map(problem => `with hypercore ${core.version}: ${problem}`));
  }
  return { name, problems, blocks, ...(await sizeOf(folder)), seconds: (Date.now() - started) / 1000 };
}
