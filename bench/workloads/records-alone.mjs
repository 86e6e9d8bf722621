import cryptoAlone from './crypto-alone.mjs';

/** The records of an echo, 117 to 120 bytes each, two for each echo. */
export default {
  ...cryptoAlone,
  title: 'secretstream alone, both ends, the two records of an echo of 100 B',
  unit: 'echoes/s',
  parameters: { count: 200_000, bytes: 106 },
  scale: { portable: 0.1 },
  run(side, parameters) {
    const { seconds, units } = cryptoAlone.run(side, parameters);
    return { seconds, units: units / 2 };
  },
};
