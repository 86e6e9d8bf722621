import { flood } from './flood.mjs';

export default {
  title: 'flood of 200,000 × 100 B over an in-memory pipe, sent one by one',
  unit: 'messages/s',
  kind: 'flood',
  parameters: { via: 'pipe', count: 200_000, bytes: 100 },
  run: flood,
};
