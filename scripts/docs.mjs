// Writes the tables of limits and errors in README.md from the code, or with --check fails if they are out of date.
import { readFileSync, writeFileSync } from 'node:fs';
import prettier from 'prettier';

const file = 'README.md';
const before = readFileSync(file, 'utf8');
let text = before;
text = replace(
  text,
  'limits',
  table(['limit', 'default', 'bounds'], limits(readFileSync('lib/limits.ts', 'utf8'))),
);
text = replace(
  text,
  'errors',
  table(
    ['code', 'class', 'ends', 'means'],
    errors(readFileSync('lib/errors.ts', 'utf8') + readFileSync('lib/logErrors.ts', 'utf8')),
  ),
);
const after = await prettier.format(text, { ...(await prettier.resolveConfig(file)), filepath: file });

if (!process.argv.includes('--check')) writeFileSync(file, after);
else if (after !== before) {
  console.error(`${file} does not say what the code says: run npm run docs`);
  process.exit(1);
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
  const found = [
    ...source.matchAll(
      /\/\*\* ([^*]+?) @public \*\/\nexport class (\w+) extends HypercoreError \{\n {2}override readonly code = '(\w+)';([\s\S]*?)\n\}/g,
    ),
  ];
  return found.map(([, comment, name, code, body]) => {
    const scope = /scope: ErrorScope = /.test(body)
      ? 'either'
      : /'channel'/.test(body)
        ? 'channel'
        : /'log'/.test(body)
          ? 'log'
          : 'connection';
    return [
      `\`${code}\``,
      `\`${name}\``,
      scope,
      comment.replace(/\s+/g, ' ').replace(/\{@link (\w+)\}/g, '`$1`'),
    ];
  });
}

function table(head, rows) {
  if (rows.length === 0) throw new Error(`no rows for ${head.join(', ')}`);
  return [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n');
}

function replace(text, name, content) {
  const marks = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- end of ${name} -->)`);
  if (!marks.test(text)) throw new Error(`${file} has no place for ${name}`);
  return text.replace(marks, (_, start, end) => `${start}\n${content}\n\n${end}`);
}
