// What is written about a run: a table for people, a chart, and the numbers themselves.

export const sideTitles = {
  portable: 'rx-hypercore, portable',
  wasm: 'rx-hypercore, WASM',
  native: 'rx-hypercore, native',
  official: 'official JavaScript',
  rust: 'Rust crate, one thread',
  'rust-threads': 'Rust crate, all cores',
};

/**
 * Markdown: a table of rates with their ratios to the official stack, one of the same by processor time if that is known,
 * and one of figures for each workload that has some.
 */
export function table(results, where, title) {
  const lines = [
    `# ${title}`,
    '',
    `${where.date} · ${where.processor} · ${where.memory} · ${where.system} · ${where.runtime ?? `Node ${where.node}`}`,
    '',
    ...(where.load > 1
      ? ['The machine was busy with other things: only ratios mean anything here.', '']
      : []),
    `Medians of ${where.rounds} runs in turns${where.part ?? ''}. In brackets: how many times the official JavaScript stack,`,
    'the median of the rounds.',
    '',
  ];
  const rates = results.filter(({ medians }) =>
    Object.values(medians).every(value => typeof value === 'number'),
  );
  lines.push(...rateTable(rates, 'medians', 'ratios'));
  if (rates.some(({ perCpu }) => perCpu !== undefined && Object.keys(perCpu).length > 0)) {
    lines.push(
      'The same by seconds of processor time, all threads of the process and the system calls included: what else ran on',
      'the machine matters less here, and who uses two cores gains nothing.',
      '',
      ...rateTable(rates, 'perCpu', 'ratiosPerCpu'),
    );
  }
  for (const { title: what, medians } of results.filter(result => !rates.includes(result))) {
    const columns = Object.keys(medians);
    const names = Object.keys(Object.values(medians)[0]);
    lines.push(row([what, ...columns.map(side => sideTitles[side])]));
    lines.push(row(['---', ...columns.map(() => '---:')]));
    for (const name of names) lines.push(row([name, ...columns.map(side => number(medians[side][name]))]));
    lines.push('');
  }
  if (where.failures !== undefined) lines.push(`Failed: ${where.failures.join('; ')}.`, '');
  const versions = Object.entries(where.versions).map(([name, version]) => `${name} ${version}`);
  lines.push(`Versions: ${versions.join(', ')}.`, '');
  return lines.join('\n');
}

/** SVG: for each workload a bar for each side, as long as its rate beside the best one's. */
export function chart(results, where, title) {
  const rates = results.filter(({ medians }) =>
    Object.values(medians).every(value => typeof value === 'number'),
  );
  const colours = {
    portable: '#a7d3c4',
    wasm: '#4fa98c',
    native: '#1c6b52',
    official: '#d98c3a',
    rust: '#9a9aa8',
    'rust-threads': '#5c5c6b',
  };
  const [left, bars, bar, gap] = [20, 560, 17, 34];
  const parts = [];
  let y = 64;
  for (const { title: what, unit, medians } of rates) {
    parts.push(text(left, y, `${what} (${unit})`, 'font-weight="600"'));
    y += 8;
    const best = Math.max(...Object.values(medians));
    for (const side of Object.keys(sideTitles).filter(name => name in medians)) {
      const width = Math.max(1, (medians[side] / best) * bars);
      parts.push(
        `<rect x="${left}" y="${y}" width="${width.toFixed(1)}" height="${bar - 3}" fill="${colours[side]}"/>`,
      );
      parts.push(
        text(left + width + 6, y + 11, `${number(medians[side])}  ${sideTitles[side]}`, 'font-size="11"'),
      );
      y += bar;
    }
    y += gap;
  }
  const from = `${where.date}, ${where.processor}, ${where.runtime ?? `Node ${where.node}`}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 840 ${y}" font-family="system-ui, sans-serif" font-size="13">`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    text(left, 26, title, 'font-size="17" font-weight="600"'),
    text(left, 44, from, 'font-size="11" fill="#666"'),
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function rateTable(results, by, ratios) {
  if (results.length === 0) return [];
  const sides = Object.keys(sideTitles).filter(side => results.some(result => side in result[by]));
  return [
    row(['workload', '', ...sides.map(side => sideTitles[side])]),
    row(['---', '---', ...sides.map(() => '---:')]),
    ...results.map(result =>
      row([result.title, result.unit, ...sides.map(side => cell(result[by][side], result[ratios]?.[side]))]),
    ),
    '',
  ];
}

function row(cells) {
  return `| ${cells.join(' | ')} |`;
}

function cell(value, ratio) {
  if (value === undefined) return '';
  return ratio === undefined ? number(value) : `${number(value)} (${ratio.toFixed(ratio < 10 ? 2 : 0)})`;
}

function number(value) {
  return Math.round(value).toLocaleString('en');
}

function text(x, y, content, attributes) {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x}" y="${y}" ${attributes}>${escaped}</text>`;
}
