// Echo, as the Rust crate's two benches do it: connect, open a channel, then send a data message to and fro, one under
// way at a time on each connection. Connecting is part of the time, as it is there.

const key = new Uint8Array(32);

export async function echo(side, { via, pattern, connections, count, bytes }) {
  const started = performance.now();
  await Promise.all(
    Array.from({ length: connections }, () => echoOnce(side, { via, pattern, count, bytes })),
  );
  return { seconds: (performance.now() - started) / 1000, units: connections * count };
}

async function echoOnce(side, { via, pattern, count, bytes }) {
  const ends = await side.connect({ via, pattern });
  const [client, server] = await side.openChannels(ends, key);
  const value = new Uint8Array(bytes).fill(1);
  server.onmessage = message => server.send(message);
  await new Promise(resolve => {
    client.onmessage = message => {
      const index = side.indexOf(message);
      if (index >= count) resolve();
      else client.send(side.data(index + 1, value));
    };
    client.send(side.data(1, value));
  });
  side.disconnect(ends);
}
