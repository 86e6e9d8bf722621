import { flood } from './flood.mjs';

export default {
  title: 'flood of 200,000 × 100 B over TCP, in batches of 64',
  unit: 'messages/s',
  kind: 'flood',
  parameters: { via: 'tcp', count: 200_000, bytes: 100, batch: 64 },
  run: flood,
};
