import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parse } from 'acorn';
import { build, type Metafile } from 'esbuild';
import { analyze } from 'eslint-scope';
import webpack from 'webpack';

interface PackageJson {
  readonly name: string;
  readonly exports: Record<string, string | Record<string, string | null>>;
}

/** What a page imports, and what that may cost it, minified and gzipped, with all dependencies and rxjs. */
interface Budget {
  readonly what: string;
  readonly code: string;
  readonly maxBytes: number;
  /** Folders of dist/ and packages that must not be in it. */
  readonly without: readonly string[];
}

const { name, exports } = JSON.parse(readFileSync('package.json', 'utf8')) as PackageJson;
const entries = Object.entries(exports)
  .filter(
    ([path, target]) => path !== './package.json' && (target as Record<string, string | null>)['default'],
  )
  .map(([path]) => name + path.slice(1));

const log = [
  'dist/tree',
  'dist/proof',
  'dist/bitfield',
  'dist/storage',
  'dist/oplog',
  'dist/log',
  'dist/replication',
];
const backends = [
  'dist/crypto/libsodium',
  'dist/crypto/sodiumNative',
  'libsodium-wrappers-sumo',
  'sodium-native',
];
const primitives = ['tweetnacl', '@stablelib'];
const testing = ['dist/testing'];

const budgets: readonly Budget[] = [
  {
    what: 'frames alone',
    code: `import { decodeFrames, encodeFrames } from '${name}/operators'; console.log(decodeFrames, encodeFrames);`,
    maxBytes: 6_500,
    without: [
      ...primitives,
      ...backends,
      ...log,
      ...testing,
      'compact-encoding',
      'dist/noise',
      'dist/mux',
      'dist/messages',
    ],
  },
  {
    what: 'messages alone',
    code: `import { decodeMessages, encodeMessages } from '${name}/operators'; console.log(decodeMessages, encodeMessages);`,
    maxBytes: 16_000,
    without: [...primitives, ...backends, ...log, ...testing, 'dist/noise', 'dist/secret', 'dist/connection'],
  },
  {
    what: 'connect, protocol and messages',
    code: `import { hypercoreProtocol, want, webSocketConnect } from '${name}'; console.log(hypercoreProtocol, want, webSocketConnect);`,
    maxBytes: 62_500,
    without: [
      ...backends,
      ...log,
      ...testing,
      'idb',
      'quick-lru',
      'dist/connection/sendTo.js',
      'dist/connection/rustPeer.js',
    ],
  },
];

/** Names that only Node has; a bundle that refers to one of them does not run in a page as it is. */
const nodeNames = ['Buffer', 'process', 'global', 'require', '__dirname', '__filename', 'setImmediate'];

interface SyntaxNode {
  readonly type?: string;
  readonly start?: number;
  readonly operator?: string;
  readonly argument?: SyntaxNode;
  readonly name?: string;
  readonly test?: SyntaxNode | null;
  readonly left?: SyntaxNode;
}

/**
 * The names of Node that a script refers to without declaring them. To ask for `typeof name`, and to use the name where
 * that was asked, is how code for several platforms finds out where it is, and needs nothing of Node.
 */
function freeNodeNames(code: string): string[] {
  const tree = parse(code, { ecmaVersion: 'latest', sourceType: 'module', ranges: true });
  const guarded = new Set<number>();
  const visit = (node: SyntaxNode, asked: ReadonlySet<string>): void => {
    if (node.type === 'Identifier' && asked.has(node.name!)) guarded.add(node.start!);
    const tests = [node.test, node.type === 'LogicalExpression' ? node.left : undefined];
    const inside = new Set([...asked, ...tests.flatMap(test => (test ? askedIn(test) : []))]);
    if (node.type === 'UnaryExpression' && node.operator === 'typeof') inside.add(node.argument!.name!);
    for (const child of childrenOf(node)) visit(child, inside);
  };
  visit(tree, new Set());
  const { globalScope } = analyze(tree as never, { ecmaVersion: 2022, sourceType: 'module' });
  return globalScope!.through
    .filter(({ identifier }) => nodeNames.includes(identifier.name) && !guarded.has(identifier.range![0]))
    .map(({ identifier }) => identifier.name);
}

/** The names whose type an expression asks for. */
function askedIn(node: SyntaxNode): string[] {
  const own = node.type === 'UnaryExpression' && node.operator === 'typeof' ? [node.argument!.name!] : [];
  return [...own, ...childrenOf(node).flatMap(askedIn)];
}

function childrenOf(node: SyntaxNode): SyntaxNode[] {
  return Object.values(node)
    .flat()
    .filter((child): child is SyntaxNode => typeof child === 'object' && child !== null && 'type' in child);
}

async function bundleByEsbuild(
  code: string,
): Promise<{ readonly text: string; readonly metafile: Metafile }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: process.cwd() },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    // Modern builds of rxjs, which Angular's builder asks for too.
    conditions: ['es2015'],
    write: false,
    metafile: true,
  });
  return { text: outputFiles[0].text, metafile };
}

/** The files that have a part in a bundle. */
function partsOf(metafile: Metafile): string[] {
  return Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs)
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([path]) => path),
  );
}

describe('a bundle for a page (needs npm run build)', () => {
  it('finds the names of Node, so that the specs below can fail', () => {
    const code = `
      const { process } = x; process; y.global; ({ Buffer: 1 }); typeof require !== 'undefined' && z;
      const found = typeof global === 'object' ? global : globalThis;
      globalThis.f = () => [Buffer, require('a')];`;
    expect(freeNodeNames(code).sort()).toEqual(['Buffer', 'require']);
  });

  for (const entry of entries) {
    it(`of ${entry} needs no polyfill and no alias, by esbuild`, async () => {
      const { text, metafile } = await bundleByEsbuild(`import * as all from '${entry}'; console.log(all);`);
      expect(freeNodeNames(text)).toEqual([]);
      const imported = Object.values(metafile.outputs).flatMap(({ imports }) =>
        imports.map(({ path }) => path),
      );
      expect(imported.filter(path => builtinModules.includes(path.replace(/^node:/, '')))).toEqual([]);
      expect(text).not.toMatch(/["'`]node:/);
    });
  }

  it('of every entry point needs no polyfill and no alias, by webpack', async () => {
    mkdirSync('build', { recursive: true });
    const directory = resolve(mkdtempSync(join('build', 'bundles-')));
    try {
      const files = entries.map((entry, index) => {
        const file = join(directory, `${index}.mjs`);
        writeFileSync(file, `import * as all from '${entry}'; console.log(all);`);
        return [String(index), file] as const;
      });
      const errors = await new Promise<unknown>((done, reject) => {
        webpack(
          {
            mode: 'development',
            devtool: false,
            context: process.cwd(),
            entry: Object.fromEntries(files),
            output: { path: join(directory, 'out'), filename: '[name].js' },
            target: ['web', 'es2022'],
          },
          (error, stats) => {
            if (error) reject(error);
            else done(stats!.toJson({ all: false, errors: true, warnings: true }));
          },
        );
      });
      expect(errors).toEqual(jasmine.objectContaining({ errors: [], warnings: [] }));
      const written = readdirSync(join(directory, 'out'));
      expect(written.length).not.toBeLessThan(entries.length);
      // What Emscripten wrote asks where it is once, and keeps the answer in a variable.
      const emscripten = /libsodium-wrappers/;
      for (const file of written.filter(each => each.endsWith('.js') && !emscripten.test(each))) {
        const code = readFileSync(join(directory, 'out', file), 'utf8');
        expect(freeNodeNames(code)).withContext(file).toEqual([]);
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  for (const { what, code, maxBytes, without } of budgets) {
    it(`of ${what} holds that and nothing else, in at most ${maxBytes.toLocaleString('en')} bytes`, async () => {
      const { text, metafile } = await bundleByEsbuild(code);
      const parts = partsOf(metafile);
      for (const path of without) {
        expect(parts.filter(part => part.includes(path)))
          .withContext(path)
          .toEqual([]);
      }
      expect(gzipSync(text, { level: 9 }).length).toBeLessThanOrEqual(maxBytes);
    });
  }
});
