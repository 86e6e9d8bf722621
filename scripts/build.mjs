// Builds lib/ into dist/: ES modules with declarations beside them, and a single file for pages without a bundler.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

rmSync('dist', { recursive: true, force: true });
const { status } = spawnSync('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);

const { metafile } = await build({
  entryPoints: ['dist/bundle.js'],
  outfile: 'dist/rx-hypercore.js',
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  // Modern builds of rxjs, which Angular's builder asks for too.
  conditions: ['es2015'],
  banner: { js: '/*! rx-hypercore. Licenses of what is in here: rx-hypercore.LICENSES.txt */' },
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
});
const parts = Object.entries(metafile.outputs['dist/rx-hypercore.js'].inputs)
  .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
  .map(([file]) => file);
writeFileSync('dist/rx-hypercore.LICENSES.txt', licensesOf(parts));

/** The licenses of the packages that files come from; each of them asks to be passed on with copies. */
function licensesOf(files) {
  const folders = new Set(files.map(file => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? '.'));
  return [...folders]
    .sort()
    .map(folder => {
      const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const text = ['LICENSE', 'LICENSE.txt', 'LICENSE.md', 'license']
        .map(file => join(folder, file))
        .find(existsSync);
      const body = text === undefined ? '' : `\n\n${readFileSync(text, 'utf8').trim()}`;
      return `${name} ${version} (${license})${body}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}
