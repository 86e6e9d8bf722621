// Where and with what a benchmark ran.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, release, totalmem, type } from 'node:os';

const require = createRequire(import.meta.url);

const packages = [
  'rxjs',
  'tweetnacl',
  '@stablelib/chacha',
  'libsodium-wrappers-sumo',
  'sodium-native',
  '@hyperswarm/secret-stream',
  'protomux',
  'hypercore-11',
  'compact-encoding',
];

/** @param more - packages whose versions matter, beside the usual ones */
export function machine(more = []) {
  const [{ model }] = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: `${cpus().length} × ${model.trim()}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${type()} ${release()}`,
    node: process.version,
    versions: {
      'rx-hypercore': versionIn('package.json'),
      ...Object.fromEntries([...packages, ...more].map(name => [name, versionOf(name)])),
      ...rustVersions(),
    },
  };
}

function versionOf(name) {
  // Not every package exports its package.json.
  for (const folder of require.resolve.paths(name)) {
    try {
      return versionIn(`${folder}/${name}/package.json`);
    } catch {
      // not in this folder
    }
  }
  return 'unknown';
}

function versionIn(file) {
  return JSON.parse(readFileSync(file, 'utf8')).version;
}

function rustVersions() {
  const manifest = readFileSync('bench/rust/Cargo.toml', 'utf8');
  return Object.fromEntries(
    [...manifest.matchAll(/^([\w-]+) = "=([\d.]+)"$/gm)].map(([, name, version]) => [name, version]),
  );
}
