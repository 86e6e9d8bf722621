// What things cost, as docs/performance.md shows it: from the results of the benchmarks, by processor time where that was
// measured, because it depends less on what else a machine does.

const backends = ['portable', 'wasm', 'native'];

/** Markdown: where and when it was measured, a table of costs, the ratios to the other stacks. */
export function costs(node, page) {
  const named = name => node.results.find(result => result.name === name);
  const rate = (name, side) => {
    const { perCpu, medians } = named(name);
    return perCpu[side] ?? medians[side];
  };
  const each = (what, cost) => [what, ...backends.map(side => cost(side))];
  const micros = name => side => `${significant(1e6 / rate(name, side))} µs`;
  const rows = [
    each('a message of 100 B among others of its tick', micros('pipe-flood')),
    each(
      'a message of 100 B alone, in a record of its own',
      side => `${significant(0.5e6 / rate('pipe-echo', side))} µs`,
    ),
    each('a message of 1,000 B alone, over TCP', side => `${significant(0.5e6 / rate('tcp-echo', side))} µs`),
    each('64 KiB in one message', side => `${significant(65_536 / rate('pipe-bulk', side))} µs`),
    each('64 KiB in one message, over TCP', side => `${significant(65_536 / rate('tcp-bulk', side))} µs`),
    each('a handshake', side => `${significant(1e3 / rate('handshakes', side))} ms`),
    each(
      'TCP, handshake, a channel, one message to and fro',
      side => `${significant(1e3 / rate('first-message', side))} ms`,
    ),
  ];
  const memory = named('memory').medians.native;
  const scaling = named('scaling').medians.native;
  return [
    `${node.date}, ${node.processor}, Node ${node.node}; ${page.runtime}.`,
    '',
    table(['both ends together cost', ...backends], rows),
    '',
    table(
      ['heap for one end', 'bytes'],
      Object.entries(memory)
        .map(([what, bytes]) => [what.replace('per ', 'of an '), grouped(bytes)])
        .map(([what, bytes]) => [what.replace('an channel', 'a channel'), bytes]),
    ),
    '',
    table(
      ['spread evenly over', 'messages of 100 B in a second'],
      Object.entries(scaling).map(([what, perSecond]) => [
        what.replace(/^1 (\w+)s$/, '1 $1'),
        grouped(perSecond),
      ]),
    ),
  ].join('\n');
}

function significant(value) {
  return Number(value.toPrecision(2)).toLocaleString('en');
}

function grouped(value) {
  return Math.round(value).toLocaleString('en');
}

function table(head, rows) {
  return [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...rows]
    .map(cells => `| ${cells.join(' | ')} |`)
    .join('\n');
}
