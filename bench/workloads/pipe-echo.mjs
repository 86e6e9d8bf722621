import { echo } from './echo.mjs';

export default {
  title: 'echo over an in-memory pipe, 10 connections × 1,000 × 100 B',
  unit: 'echoes/s',
  floors: ['records-alone'],
  kind: 'echo',
  parameters: { via: 'pipe', pattern: 'IK', connections: 10, count: 1000, bytes: 100 },
  // Connecting is part of it: of fewer echoes it would be too large a part.
  whole: true,
  run: echo,
};
