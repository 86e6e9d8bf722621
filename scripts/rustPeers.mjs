import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const directory = 'interop/rust';

/** Where cargo is, or null. */
function findCargo() {
  for (const cargo of ['cargo', join(homedir(), '.cargo/bin/cargo')]) {
    if (spawnSync(cargo, ['--version'], { stdio: 'ignore' }).status === 0) return cargo;
  }
  return null;
}

/** Says loudly that something was not done. */
function skip(what) {
  console.log('*'.repeat(72));
  console.log(`SKIPPED: ${what}`);
  console.log('SKIPPED: cargo was not found, so nothing was proved against the Rust crate.');
  console.log('SKIPPED: install Rust (https://rustup.rs) and run this again.');
  console.log('*'.repeat(72));
}

/**
 * Builds the peers in release mode, and the library unless that is done. Ends this process with 0, after saying so, if
 * there is no cargo, and with 1 if something does not build.
 */
export function buildPeers(what) {
  const cargo = findCargo();
  if (cargo === null) {
    skip(what);
    process.exit(0);
  }
  run(cargo, ['build', '--release', '--locked', '--quiet'], directory);
  if (!process.argv.includes('--built')) run(process.execPath, ['scripts/build.mjs']);
  console.log(`${what}: ${versions().join(', ')}, ${rustc()}`);
}

function run(command, args, cwd = '.') {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

/** The crates in use, as the lock file has them. */
function versions() {
  const lock = readFileSync(join(directory, 'Cargo.lock'), 'utf8');
  const wanted =
    /name = "(hypercore(?:-protocol|_handshake|_schema)?|uint24le_framing)"\nversion = "([^"]+)"/g;
  return [...lock.matchAll(wanted)].map(([, name, version]) => `${name} ${version}`);
}

function rustc() {
  const { stdout, status } = spawnSync('rustc', ['--version'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : 'rustc unknown';
}
