import recordsAlone from './records-alone.mjs';

/** The records of an echo over TCP, 1,017 to 1,020 bytes each. */
export default {
  ...recordsAlone,
  title: 'secretstream alone, both ends, the two records of an echo of 1,000 B',
  parameters: { count: 50_000, bytes: 1007 },
};
