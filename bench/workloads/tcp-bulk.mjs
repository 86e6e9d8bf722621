import { flood } from './flood.mjs';

export default {
  title: 'bulk, 256 MiB in messages of 64 KiB over TCP',
  unit: 'MB/s',
  floors: ['crypto-alone', 'socket-bulk-alone'],
  kind: 'flood',
  parameters: { via: 'tcp', count: 4096, bytes: 65_536 },
  // A message of that length never arrives in the Rust crate 0.7.2.
  rust: { bytes: 65_000 },
  scale: { portable: 0.25 },
  run: flood,
};
