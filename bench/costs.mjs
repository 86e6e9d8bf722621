// What things cost, as docs/performance.md shows it: from the results of the benchmarks, by processor time where that was
// measured, because it depends less on what else a machine does.

const backends = ['portable', 'wasm', 'native'];

/**
 * Markdown: where and when it was measured, what things cost, how that compares with what cannot be any faster. What is
 * not among the results is shown as a dash.
 */
export function costs(node, page) {
  const named = name => node.results.find(result => result.name === name);
  const rate = (name, side) => named(name)?.perCpu[side] ?? named(name)?.medians[side];
  const each = (what, cost) => [what, ...backends.map(side => cost(side))];
  const time = (name, factor, unit) => side => {
    const found = rate(name, side);
    return found === undefined ? NONE : `${significant(factor / found)} ${unit}`;
  };
  const rows = [
    each('a message of 100 B among others of its tick', time('pipe-flood', 1e6, 'µs')),
    each('a message of 100 B alone, in a record of its own', time('pipe-echo', 0.5e6, 'µs')),
    each('a message of 1,000 B alone, over TCP', time('tcp-echo', 0.5e6, 'µs')),
    each('64 KiB in one message', time('pipe-bulk', 65_536, 'µs')),
    each('64 KiB in one message, over TCP', time('tcp-bulk', 65_536, 'µs')),
    each('a handshake', time('handshakes', 1e3, 'ms')),
    each('TCP, handshake, a channel, one message to and fro', time('first-message', 1e3, 'ms')),
  ];
  const memory = named('memory')?.medians ?? {};
  const scaling = named('scaling')?.medians ?? {};
  const part = (name, floor) => {
    const share = named(name)?.parts?.[floor];
    return Number.isFinite(share) ? `${Math.round(100 * share)} %` : NONE;
  };
  return [
    `${node.date}, ${node.processor}, Node ${node.node}; ${page.runtime}.`,
    '',
    table(['both ends together cost', ...backends], rows),
    '',
    figures('heap for one end, in bytes', memory),
    '',
    figures('messages of 100 B in a second, over', scaling),
    '',
    table(
      ['what the native backend spends', 'on', 'of the processor time'],
      [
        ['64 KiB messages in memory', 'the cipher', part('pipe-bulk', 'crypto-alone')],
        ['64 KiB messages over TCP', 'the cipher', part('tcp-bulk', 'crypto-alone')],
        ['64 KiB messages over TCP', "Node's sockets", part('tcp-bulk', 'socket-bulk-alone')],
        ['an echo of 100 B in memory', 'the cipher', part('pipe-echo', 'records-alone')],
        ['an echo of 1,000 B over TCP', 'the cipher', part('tcp-echo', 'records-alone-1k')],
        ['an echo of 1,000 B over TCP', "Node's sockets", part('tcp-echo', 'socket-alone')],
        ['a handshake', 'the curve', part('handshakes', 'curves-alone')],
        ['a connection and its first message', 'the curve', part('first-message', 'curves-alone')],
      ],
    ),
  ].join('\n');
}

const NONE = '–';

/** One row for each figure, a column for each side that has it. */
function figures(head, sides) {
  const columns = ['native', 'official'].filter(side => sides[side] !== undefined);
  const titles = { native: 'rx-hypercore', official: 'official stack' };
  const names = Object.keys(sides[columns[0]] ?? {});
  return table(
    [head, ...columns.map(side => titles[side])],
    names.map(name => [
      name.replace(/^1 (\w+)s$/, '1 $1').replace(/^per /, ''),
      ...columns.map(side => grouped(sides[side][name])),
    ]),
  );
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
