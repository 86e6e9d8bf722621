// Compiles every TypeScript example of the documentation: the code blocks of README.md and docs/, and the @example blocks
// of the doc comments in lib/. Needs dist/. An example may leave out its imports, and may use the names declared below.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const entryPoints = {
  rxjs: 'rxjs',
  'rx-hypercore': '../dist/index.js',
  'rx-hypercore/operators': '../dist/operators.js',
  'rx-hypercore/node': '../dist/node.js',
  'rx-hypercore/testing': '../dist/testing/index.js',
  'rx-hypercore/bridge': '../dist/bridge/index.js',
  'rx-hypercore/log': '../dist/log/index.js',
  'rx-hypercore/storage/browser': '../dist/storage/browser/index.js',
  'rx-hypercore/storage/disk': '../dist/storage/disk/index.js',
  'rx-hypercore/crypto': '../dist/crypto/bestCrypto.js',
  'rx-hypercore/crypto/libsodium': '../dist/crypto/libsodium/libsodium.js',
  'rx-hypercore/crypto/sodium-native': '../dist/crypto/sodiumNative/sodiumNative.js',
};

/** What an example may take for granted. */
const given = {
  key: 'Uint8Array',
  chunk: 'Uint8Array',
  value: 'Uint8Array',
  keys: "import('rx-hypercore').SessionKeys",
  session: "import('rx-hypercore').SessionKeys",
  crypto: "import('rx-hypercore').CryptoBackend",
  options: "import('rx-hypercore').SecureLinkOptions",
  transport: "import('rx-hypercore').Transport",
  transports: "import('rxjs').Observable<import('rx-hypercore').Transport>",
  protocol: "import('rx-hypercore').Protocol",
  channel: "import('rx-hypercore').Channel",
  signal: 'AbortSignal',
  socket: "import('node:net').Socket",
  chunks: "import('rxjs').Observable<Uint8Array>",
  bodies: "import('rxjs').Observable<Uint8Array>",
  payloads: "import('rxjs').Observable<Uint8Array>",
  packets: "import('rxjs').Observable<import('rx-hypercore/operators').Packet>",
  messages: "import('rxjs').Observable<import('rx-hypercore').Message>",
  link: "import('rx-hypercore').Duplex<Uint8Array>",
  blocks: "import('rxjs').Observable<import('rx-hypercore').Data>",
  readFile: "() => AsyncIterable<import('rx-hypercore').Data>",
  store: '{ write(block: unknown): Promise<void> }',
  writable: "WritableStream<import('rx-hypercore').Message>",
  port: 'number',
  url: 'string',
  fetchToken: '() => string',
  connection: "import('rx-hypercore').Reconnecting",
  core: "import('rx-hypercore/bridge').Hypercore",
  log: "import('rx-hypercore/log').Log",
  keyPair: "import('rx-hypercore').KeyPair",
  publicKey: 'Uint8Array',
  otherPublicKey: 'Uint8Array',
  peer: "import('rx-hypercore/log').Peer",
  server: '{ readonly connections: number }',
  Hypercores: "import('@angular/core').InjectionToken<{ readonly peer: import('rx-hypercore/log').Peer }>",
  it: '(what: string, test: () => void | Promise<void>) => void',
  expect: '(value: unknown) => { toBe(value: unknown): void; toEqual(value: unknown): void }',
  decoder: "import('rx-hypercore/operators').FrameDecoder",
  handshake: "import('rx-hypercore/operators').HandshakeState",
  mux: "import('rx-hypercore/operators').Multiplexer",
  use: "(protocol: import('rx-hypercore').Protocol) => void",
  handle: '(frame: Uint8Array) => void',
  send: '(message: Uint8Array) => void',
  receive: '() => Uint8Array',
  answer: "(channel: import('rx-hypercore').Channel) => void",
  hot: "import('rxjs/testing').RunHelpers['hot']",
  expectObservable: "import('rxjs/testing').RunHelpers['expectObservable']",
  swarm: "{ on(event: 'connection', listener: (stream: import('rx-hypercore').SecretStream) => void): void }",
};

const directory = 'build/examples';
rmSync(directory, { recursive: true, force: true });
mkdirSync(directory, { recursive: true });

const exported = {};
for (const [specifier, path] of Object.entries(entryPoints)) {
  exported[specifier] =
    path === 'rxjs' ? Object.keys(await import('rxjs')) : namesIn(new URL(path, import.meta.url));
}

let count = 0;
const origin = {};
for (const file of ['README.md', ...filesIn('docs', '.md'), ...filesIn('lib', '.ts')]) {
  const source = readFileSync(file, 'utf8');
  const text = file.endsWith('.ts') ? commentsOf(source) : source;
  for (const [, code] of text.matchAll(/```ts\n([\s\S]*?)```/g)) {
    const name = `${basename(file).replace(/\W/g, '-')}-${++count}.ts`;
    origin[name] = file;
    writeFileSync(join(directory, name), moduleOf(code));
  }
}

writeFileSync(
  join(directory, 'tsconfig.json'),
  JSON.stringify({
    extends: '../../tsconfig.json',
    compilerOptions: {
      noUnusedLocals: false,
      experimentalDecorators: true, // Angular's
      verbatimModuleSyntax: false,
      isolatedModules: false,
      noUnusedParameters: false,
      types: ['node'],
    },
    include: ['*.ts'],
  }),
);
const { status, stdout } = spawnSync('node_modules/.bin/tsc', ['-p', directory], { encoding: 'utf8' });
process.stdout.write(
  stdout.replace(/build\/examples\/([\w-]+\.ts)/g, (path, name) => `${origin[name]} (${path})`),
);
console.log(`${count} examples ${status === 0 ? 'compile' : 'were compiled, with the errors above'}`);
process.exit(status === 0 && count > 0 ? 0 : 1);

/** Everything an entry point exports, types included. */
function namesIn(entryPoint) {
  const declarations = readFileSync(new URL(entryPoint.href.replace(/\.js$/, '.d.ts')), 'utf8');
  const listed = [...declarations.matchAll(/export (?:type )?\{([^}]*)\}/g)].flatMap(([, names]) =>
    names.split(',').map(name => name.replace(/^\s*type\s+/, '').trim()),
  );
  const declared = [...declarations.matchAll(/export declare (?:abstract )?\w+ (\w+)/g)].map(
    ([, name]) => name,
  );
  const stars = [...declarations.matchAll(/export \* from '([^']+)'/g)].flatMap(([, path]) =>
    namesIn(new URL(path, entryPoint)),
  );
  return [...listed, ...declared, ...stars].filter(name => name !== '');
}

function filesIn(folder, ending) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .filter(name => name.endsWith(ending))
    .map(name => join(folder, name));
}

/** The text of the doc comments of a file, without their stars. */
function commentsOf(source) {
  return [...source.matchAll(/\/\*\*[\s\S]*?\*\//g)]
    .map(([comment]) => comment.replace(/^\s*\/?\*+\/? ?/gm, ''))
    .join('\n');
}

/** A module that holds one example, with the imports and names it leaves out. */
function moduleOf(code) {
  const imports = [...code.matchAll(/^import [\s\S]*?;$/gm)].map(([line]) => line);
  // It becomes the body of a function, from which nothing can be exported.
  const body = imports.reduce((rest, line) => rest.replace(line, ''), code).replace(/^export /gm, '');
  const imported = new Set(imports.join(' ').match(/\w+/g) ?? []);
  const used = new Set(body.match(/(?<![.\w])[A-Za-z_]\w*/g) ?? []);
  const declared = new Set(
    [
      ...body.matchAll(/(?:const|let|function|class|interface|type)\s+(?:\{([^}]*)\}|\[([^\]]*)\]|(\w+))/g),
    ].flatMap(match => (match[1] ?? match[2] ?? match[3]).match(/\w+/g) ?? []),
  );
  const taken = new Set([...imported, ...declared]);
  const lines = [...imports];
  for (const [name, type] of Object.entries(given)) {
    if (!used.has(name) || taken.has(name)) continue;
    taken.add(name);
    lines.push(`declare const ${name}: ${type};`);
  }
  for (const [specifier, names] of Object.entries(exported)) {
    const wanted = names.filter(name => used.has(name) && !taken.has(name));
    for (const name of wanted) taken.add(name);
    if (wanted.length > 0) lines.push(`import { ${wanted.join(', ')} } from '${specifier}';`);
  }
  return `${lines.join('\n')}\nexport {};\nexport async function example(this: void): Promise<void> {\n${body}\n}\n`;
}
