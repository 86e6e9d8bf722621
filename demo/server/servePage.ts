import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { extname, join } from 'node:path';

/** Where the files of the page are, by the path they are asked for. */
const files: Readonly<Record<string, string>> = {
  '/main.js': 'build/page/main.js',
  '/styles.css': 'demo/page/styles.css',
  '/icon.svg': 'demo/page/icon.svg',
  '/inter.woff2': 'node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2',
  '/mono.woff2':
    'node_modules/@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2',
};

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/**
 * Serves the page, and the facts it needs to know, under a policy that lets no script run but the page's own file: no
 * inline script, no eval, no WASM.
 */
export function servePage(root: string, facts: object): Server {
  return createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://page').pathname;
    const nonce = randomBytes(16).toString('base64');
    const answer = (status: number, type: string, body: string | Buffer): void => {
      response
        .writeHead(status, {
          'content-type': type,
          'cache-control': 'no-cache',
          'content-security-policy': policy(nonce),
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
        })
        .end(request.method === 'HEAD' ? undefined : body);
    };
    const serve = async (): Promise<void> => {
      if (request.method !== 'GET' && request.method !== 'HEAD') return answer(405, 'text/plain', 'GET only');
      if (path === '/facts.json') return answer(200, 'application/json', JSON.stringify(facts));
      if (path === '/') {
        const page = await readFile(join(root, 'demo/page/index.html'), 'utf8');
        return answer(200, 'text/html; charset=utf-8', page.replace('{{nonce}}', nonce));
      }
      const file = Object.hasOwn(files, path) ? files[path] : undefined;
      if (file === undefined) return answer(404, 'text/plain', 'There is nothing here.');
      answer(200, types[extname(file)], await readFile(join(root, file)));
    };
    serve().catch(() => answer(500, 'text/plain', 'The page is not built: run npx webpack.'));
  });
}

/** Angular puts the styles of its components into the page, and is given the nonce for them. */
function policy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "font-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
