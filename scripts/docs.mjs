// Writes what the docs take from the code: the table of docs/limits.md, the facts of each error in docs/errors.md and their
// table, the figures of docs/performance.md. With --check fails if they are out of date, and always if an error has no entry in docs/errors.md.
import { readFileSync, writeFileSync } from 'node:fs';
import prettier from 'prettier';
import { costs } from '../bench/costs.mjs';

const check = process.argv.includes('--check');
const sources = readFileSync('lib/errors.ts', 'utf8') + readFileSync('lib/logErrors.ts', 'utf8');
const found = errors(sources);
let failed = false;

await write('docs/limits.md', text =>
  replace(
    text,
    'limits',
    table(['limit', 'default', 'bounds'], limits(readFileSync('lib/limits.ts', 'utf8'))),
  ),
);
await write('docs/errors.md', text =>
  replace(
    errorPage(text),
    'errors',
    table(
      ['code', 'class', 'ends', 'means'],
      found.map(({ code, name, scope, comment }) => [
        `[\`${code}\`](#${code.toLowerCase()})`,
        `\`${name}\``,
        scope,
        comment,
      ]),
    ),
  ),
);
await write('docs/performance.md', text =>
  replace(text, 'costs', costs(results('node'), results('chromium'))),
);
if (failed) process.exit(1);

function results(of) {
  return JSON.parse(readFileSync(`bench/results/${of}.json`, 'utf8'));
}

async function write(file, change) {
  const before = readFileSync(file, 'utf8');
  const after = await prettier.format(change(before), {
    ...(await prettier.resolveConfig(file)),
    filepath: file,
  });
  if (!check) writeFileSync(file, after);
  else if (after !== before) fail(`${file} does not say what the code says: run npm run docs`);
}

function fail(message) {
  console.error(message);
  failed = true;
}

/** Each code has a section, which says all that a section must, under a line of facts from the code. */
function errorPage(text) {
  const declared = [...sources.matchAll(/^ {2}\| '(ERR_\w+)'/gm)].map(([, code]) => code);
  const sections = text.split(/^(?=###? )/m);
  const titles = sections.flatMap(section => /^### `(\w+)`\n/.exec(section)?.[1] ?? []);
  for (const code of declared) {
    if (!found.some(error => error.code === code)) fail(`${code} has no class that this script can read`);
    if (titles.filter(title => title === code).length !== 1) {
      fail(
        `docs/errors.md must have one section ### \`${code}\`: what it means, whose doing it is, what to do`,
      );
    }
  }
  for (const code of titles)
    if (!declared.includes(code)) fail(`docs/errors.md has ${code}, which does not exist`);
  return sections
    .map(section => {
      const code = /^### `(\w+)`\n/.exec(section)?.[1];
      const error = found.find(one => one.code === code);
      if (error === undefined) return section;
      for (const label of ['Means', 'Whose doing', 'What to do']) {
        if (!new RegExp(`^\\*\\*${label}\\*\\* \\S`, 'm').test(section))
          fail(`${code}: "${label}" is missing`);
      }
      const rest = section.slice(section.indexOf('**Means**'));
      return `### \`${code}\`\n\n${factsOf(error)}\n\n${rest}`;
    })
    .join('');
}

function factsOf({ name, scope, fields }) {
  const ends = {
    connection: 'ends the connection',
    channel: 'ends the channel',
    either: 'ends the connection, the channel or the operation on the log (`scope`)',
    log: 'ends the operation on the log',
  }[scope];
  return `\`${name}\`; ${ends}${fields.length === 0 ? '' : `; ${fields.map(field => `\`${field}\``).join(', ')}`}.`;
}

function limits(source) {
  const literal = /defaultLimits: Limits = \{([\s\S]*?)\n\};/.exec(source)[1];
  const defaults = Object.fromEntries(
    [...literal.matchAll(/^ {2}(\w+): (\w+),$/gm)].map(([, name, value]) => [
      name,
      Number(value.replaceAll('_', '')),
    ]),
  );
  return [...source.matchAll(/\/\*\* ([^*]+?) \*\/\n {2}readonly (\w+): number;/g)].map(
    ([, comment, name]) => [
      `\`${name}\``,
      `${defaults[name].toLocaleString('en')}`,
      comment.replace(/\s+/g, ' '),
    ],
  );
}

function errors(source) {
  const classes = source.matchAll(
    /\/\*\* ([^*]+?) @public \*\/\nexport class (\w+) extends HypercoreError \{\n {2}override readonly code = '(\w+)';([\s\S]*?)\n\}/g,
  );
  return [...classes].map(([, comment, name, code, body]) => {
    const scope = /scope: ErrorScope = /.test(body)
      ? 'either'
      : /'channel'/.test(body)
        ? 'channel'
        : /'log'/.test(body)
          ? 'log'
          : 'connection';
    const fields = [...body.matchAll(/\breadonly (\w+)/g)].map(([, field]) => field);
    if (/\bcause\b/.test(body)) fields.push('cause');
    return {
      name,
      code,
      scope,
      fields,
      comment: comment.replace(/\s+/g, ' ').replace(/\{@link (\w+)\}/g, '`$1`'),
    };
  });
}

function table(head, rows) {
  if (rows.length === 0) throw new Error(`no rows for ${head.join(', ')}`);
  return [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n');
}

function replace(text, name, content) {
  const marks = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- end of ${name} -->)`);
  if (!marks.test(text)) throw new Error(`there is no place for ${name}`);
  return text.replace(marks, (_, start, end) => `${start}\n${content}\n\n${end}`);
}
