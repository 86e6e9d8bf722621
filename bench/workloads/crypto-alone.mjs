// What the cipher alone allows: sealing and opening records of a stream, both ends on one thread, nothing around it.

export default {
  title: 'secretstream alone, both ends, 256 MiB in records of 64 KiB',
  unit: 'MB/s',
  kind: 'crypto',
  sides: ['portable', 'wasm', 'native'],
  parameters: { count: 4096, bytes: 65_536 },
  scale: { portable: 0.25 },
  run(side, { count, bytes }) {
    const crypto = side.backend();
    const [key, header] = [new Uint8Array(32).fill(1), new Uint8Array(24).fill(2)];
    const push = crypto.secretStreamPush(key, header);
    const pull = crypto.secretStreamPull(key, header);
    const record = new Uint8Array(bytes + 17);
    const started = performance.now();
    for (let i = 0; i < count; i++) {
      push.seal(record, 0, record.length);
      if (pull.open(record) === null) throw new Error('the record does not open');
    }
    return { seconds: (performance.now() - started) / 1000, units: count, bytes: count * bytes };
  },
};
