// Runs the specs against peers on the Rust crate `hypercore-protocol`, both versions that there are; skipped, loudly, where
// there is no cargo. `--built` takes dist/ as it is.
import { spawnSync } from 'node:child_process';
import { buildPeers } from './rustPeers.mjs';

buildPeers('specs with the Rust crate');
const { status } = spawnSync(
  process.execPath,
  [
    '--import',
    'tsx',
    'node_modules/jasmine/bin/jasmine.js',
    '--config=spec/support/jasmine.json',
    'spec/rust/**/*-rust.ts',
  ],
  { stdio: 'inherit' },
);
process.exit(status ?? 1);
