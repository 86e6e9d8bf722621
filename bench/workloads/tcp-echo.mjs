import { echo } from './echo.mjs';

export default {
  title: 'echo over TCP, 1 connection × 2,000 × 1,000 B',
  unit: 'echoes/s',
  floors: ['records-alone-1k', 'socket-alone'],
  kind: 'echo',
  parameters: { via: 'tcp', pattern: 'XX', connections: 1, count: 2000, bytes: 1000 },
  // Connecting is part of it: of fewer echoes it would be too large a part.
  whole: true,
  run: echo,
};
