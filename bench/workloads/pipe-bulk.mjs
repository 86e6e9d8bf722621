import { flood } from './flood.mjs';

export default {
  title: 'bulk, 256 MiB in messages of 64 KiB over an in-memory pipe',
  unit: 'MB/s',
  floors: ['crypto-alone'],
  kind: 'flood',
  parameters: { via: 'pipe', count: 4096, bytes: 65_536 },
  // A message of that length never arrives in the Rust crate 0.7.2.
  rust: { bytes: 65_000 },
  scale: { portable: 0.25 },
  run: flood,
};
