// Bundles the worker that has the browser's private file system into a string, lib/storage/browser/opfs/opfsWorkerSource.ts, so
// that no application's bundler has to find it. Run it after a change of what the worker does: `npm run opfs-worker`.
import { build } from 'esbuild';
import { writeFileSync } from 'node:fs';
import prettier from 'prettier';

const file = 'lib/storage/browser/opfs/opfsWorkerSource.ts';

/** The text of the generated file. */
export async function opfsWorkerModule() {
  const { outputFiles } = await build({
    stdin: {
      contents: "import { serveOpfs } from './lib/storage/browser/opfs/serveOpfs.ts'; serveOpfs();",
      resolveDir: '.',
      loader: 'ts',
    },
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    write: false,
    legalComments: 'none',
  });
  const text = `/**
 * The storage worker as text, made by \`npm run opfs-worker\` from \`serveOpfs.ts\`; not edited by hand.
 *
 * @internal
 */
export const opfsWorkerSource =
  ${JSON.stringify(outputFiles[0].text.trim())};
`;
  return prettier.format(text, { ...(await prettier.resolveConfig(file)), filepath: file });
}

if (process.argv[1] === import.meta.filename) writeFileSync(file, await opfsWorkerModule());
