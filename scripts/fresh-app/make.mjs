import { spawn } from 'node:child_process';
import { copyFile, cp, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/**
 * The applications, by name: the command that builds each, the folder it builds into, and the warnings of its builder that
 * docs/pages.md explains. The one without a command is served as it is, and installed by copying one file.
 */
export const apps = {
  angular: {
    build: ['node_modules/.bin/ng', 'build', '--configuration', 'production'],
    output: 'dist/fresh-app/browser',
    explained: ['compact-encoding', 'crc-32', 'flat-tree', 'tweetnacl'].map(
      name => new RegExp(`Module '${name}' used by 'node_modules/rx-hypercore/[^']+' is not ESM`),
    ),
  },
  vite: { build: ['node_modules/.bin/vite', 'build'], output: 'dist', explained: [] },
  module: { build: null, output: '.', explained: [] },
};

/** What a builder says that it should not have to. */
const complaint = /warn|error|deprecat|commonjs|polyfill|externalized|not esm/i;

/** What it adds to each warning that a module is not ESM. */
const addition =
  /^\s*(CommonJS or AMD dependencies can cause|For more information see: .*commonjs-dependencies)/;

/** Packs what is in dist/, and resolves to the path of the tarball. */
export async function pack(directory) {
  const output = await run(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', directory],
    '.',
  );
  return join(directory, JSON.parse(output)[0].filename);
}

/**
 * Makes an application in a folder: its files, the packed library, the build. Resolves to the folder to serve and to what
 * is wrong, a list of sentences.
 */
export async function make(name, tarball, directory) {
  const { build, output, explained } = apps[name];
  await cp(new URL(name, import.meta.url), directory, { recursive: true });
  const folder = join(directory, output);
  if (build === null) {
    const unpacked = join(directory, 'unpacked');
    await mkdir(unpacked);
    await run('tar', ['-xzf', tarball, '-C', unpacked], directory);
    await copyFile(join(unpacked, 'package/dist/rx-hypercore.js'), join(directory, 'rx-hypercore.js'));
    return { folder, problems: [] };
  }
  await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', tarball], directory);
  const [command, ...args] = build;
  const said = await run(command, args, directory);
  const problems = complaints(said, explained).map(line => `the builder says: ${line}`);
  return { folder, problems };
}

/**
 * What is wrong with a builder's output: the lines that complain without being explained, and the explanations that
 * nothing needs any longer.
 */
export function complaints(output, explained) {
  const lines = output.split('\n').filter(line => complaint.test(line) && !addition.test(line));
  return [
    ...lines.filter(line => !explained.some(pattern => pattern.test(line))).map(line => line.trim()),
    ...explained.filter(pattern => !pattern.test(output)).map(pattern => `no longer: ${pattern.source}`),
  ];
}

/** The bytes of what a page consists of, as they are and gzipped. */
export async function sizeOf(folder) {
  const files = (await readdir(folder)).filter(file => /\.(html|js|css)$/.test(file));
  const assets = await readdir(join(folder, 'assets')).catch(() => []);
  let raw = 0;
  let gzip = 0;
  for (const file of [...files, ...assets.map(asset => join('assets', asset))]) {
    const content = await readFile(join(folder, file));
    raw += content.length;
    gzip += gzipSync(content, { level: 9 }).length;
  }
  return { raw, gzip };
}

/** Runs a command and resolves to all it said; rejects with that if it fails. */
function run(command, args, directory) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A builder that believes that nobody looks on neither asks, nor colours, nor draws.
      env: { ...process.env, CI: '1', NO_COLOR: '1', NG_CLI_ANALYTICS: 'false' },
    });
    let output = '';
    let said = '';
    child.stdout.on('data', chunk => (output += chunk));
    child.stderr.on('data', chunk => (said += chunk));
    child.on('error', reject);
    child.on('close', code => {
      if (code !== 0) reject(new Error(`${command} ${args.join(' ')} failed:\n${output}${said}`));
      else resolve(command === 'npm' ? output : output + said);
    });
  });
}
