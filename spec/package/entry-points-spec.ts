import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

interface PackageJson {
  readonly name: string;
  readonly sideEffects: boolean;
  readonly exports: Record<string, string | Record<string, string | null>>;
}

const { name, exports, sideEffects } = JSON.parse(readFileSync('package.json', 'utf8')) as PackageJson;
const specifiers = Object.keys(exports)
  .filter(path => path !== './package.json')
  .map(path => name + path.slice(1));
const anywhere = specifiers.filter(
  specifier =>
    (exports[`.${specifier.slice(name.length)}`] as Record<string, string | null>)['default'] !== null,
);
const imports = (specifier: string): string[] => {
  const { metafile } = buildSync({
    stdin: { contents: `export * from '${specifier}'`, resolveDir: process.cwd() },
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'browser',
    write: false,
    metafile: true,
    alias: Object.fromEntries(
      specifiers.map(each => {
        const target = exports[`.${each.slice(name.length)}`] as Record<string, string>;
        return [each, join(process.cwd(), target['default'] ?? target['node'])];
      }),
    ),
  });
  return Object.values(metafile.outputs).flatMap(output => output.imports.map(({ path }) => path));
};

describe('the package (needs npm run build)', () => {
  it('declares that nothing happens on import, and nothing does: no global changes, nothing keeps Node alive', () => {
    expect(sideEffects).toBeFalse();
    for (const specifier of specifiers) {
      const script = `
        const before = Object.getOwnPropertyNames(globalThis);
        for (const name of ['setTimeout', 'setInterval', 'queueMicrotask']) {
          globalThis[name] = () => { throw new Error(name + ' was called on import'); };
        }
        await import('${specifier}');
        const added = Object.getOwnPropertyNames(globalThis).filter(name => !before.includes(name));
        console.log(JSON.stringify({ added, handles: process.getActiveResourcesInfo().filter(info => !['PipeWrap', 'TTYWrap', 'CloseReq', 'FSReqPromise', 'FSReqCallback'].includes(info)) }));`;
      const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
        encoding: 'utf8',
      });
      expect(JSON.parse(output)).withContext(specifier).toEqual({ added: [], handles: [] });
    }
  });

  it('imports no Node module, and rxjs from its root alone, in what runs anywhere', () => {
    for (const specifier of anywhere) {
      const found = imports(specifier);
      expect(found.filter(path => builtinModules.includes(path.replace(/^node:/, '')))).toEqual([]);
      expect(
        found.filter(path => path.startsWith('rxjs') && path !== 'rxjs' && path !== 'rxjs/testing'),
      ).toEqual([]);
    }
  });

  it('speaks of Buffer, process, global and require nowhere in what runs anywhere', () => {
    const node = ['node.js', 'transports/tcp.js', 'transports/node', 'bridge', 'crypto/sodiumNative'];
    // It holds other packages, which ask where they are; the specs of bundles read it with more care.
    node.push('rx-hypercore.js');
    for (const path of readdirSync('dist', { recursive: true, encoding: 'utf8' })) {
      if (!path.endsWith('.js') || node.some(start => path.startsWith(start))) continue;
      const code = readFileSync(join('dist', path), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
      expect(code)
        .withContext(path)
        .not.toMatch(/(?<![.\w'])(Buffer|process|global|require)(?![\w':])/);
    }
  });

  it('refuses to bundle the Node entry point for a browser, by name', () => {
    const bundle = (): unknown =>
      buildSync({
        stdin: { contents: `import '${name}/node'`, resolveDir: process.cwd() },
        bundle: true,
        platform: 'browser',
        write: false,
        logLevel: 'silent',
      });
    expect(bundle).toThrowError(/rx-hypercore\/node|"\.\/node"/);
  });

  it('has types that stand on their own, for every way of resolving them', () => {
    const directory = 'build/consumer';
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    const lines = specifiers.map((specifier, i) => `import * as entry${i} from '${specifier}';`);
    writeFileSync(
      join(directory, 'consumer.ts'),
      `${lines.join('\n')}\nexport default [${specifiers.map((_, i) => `entry${i}`).join(', ')}];\n`,
    );
    for (const [module, moduleResolution] of [
      ['NodeNext', 'NodeNext'],
      ['ESNext', 'Bundler'],
    ]) {
      const options = {
        module,
        moduleResolution,
        target: 'ES2022',
        lib: ['ES2022', 'DOM'],
        strict: true,
        noEmit: true,
        types: ['node'],
        customConditions: module === 'ESNext' ? ['node'] : undefined,
      };
      writeFileSync(
        join(directory, 'tsconfig.json'),
        JSON.stringify({ compilerOptions: options, files: ['consumer.ts'] }),
      );
      const { stdout } = spawnSync('node_modules/.bin/tsc', ['-p', directory], { encoding: 'utf8' });
      expect(stdout).withContext(String(moduleResolution)).toBe('');
    }
  });
});
