// Mixed traffic with peers on the Rust crate, over wires that cut at random, for ten minutes:
// `npm run soak:rust -- [--minutes n] [--seed n] [--only part-of-a-name] [--built]`.
import { spawnSync } from 'node:child_process';
import { buildPeers } from './rustPeers.mjs';

buildPeers('soak with the Rust crate');
const { status } = spawnSync(
  process.execPath,
  ['--import', 'tsx', 'spec/rust/soak/main.ts', ...process.argv.slice(2)],
  { stdio: 'inherit' },
);
process.exit(status ?? 1);
