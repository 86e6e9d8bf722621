// One way, as fast as the link takes it: a sender that waits only when it is told to, and a receiver that counts. The
// one that dialled receives, as it is with downloads.
// Connecting is not part of the time.

const key = new Uint8Array(32);

export async function flood(side, { via, count, bytes, batch = 1 }) {
  const ends = await side.connect({ via });
  const [to, from] = await side.openChannels(ends, key);
  const value = new Uint8Array(bytes).fill(1);
  const started = performance.now();
  let received = 0;
  let receivedBytes = 0;
  const all = new Promise(resolve => {
    to.onmessage = message => {
      receivedBytes += message.block.value.length;
      if (++received === count) resolve();
    };
  });
  for (let sent = 0; sent < count;) {
    if (batch === 1) from.send(side.data(sent++, value));
    else {
      const messages = [];
      for (let i = 0; i < batch && sent < count; i++) messages.push(side.data(sent++, value));
      from.sendBatch(messages);
    }
    if (!from.writable) await from.drained();
  }
  await all;
  const seconds = (performance.now() - started) / 1000;
  if (receivedBytes !== count * bytes) throw new Error('not everything arrived');
  side.disconnect(ends);
  return { seconds, units: count, bytes: count * bytes };
}
