import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/**
 * Starts the server beside the specs that run in a page (spec/web/server.ts); resolves to what it says of itself. It ends
 * with this process.
 */
export async function startWebServer() {
  const child = spawn(process.execPath, ['--import', 'tsx', 'spec/web/server.ts'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const gone = once(child, 'exit').then(([code]) => {
    throw new Error(`the server beside the specs ended with ${code}`);
  });
  const [line] = await Promise.race([once(lines, 'line'), gone]);
  gone.catch(() => undefined);
  // It must not keep this process alive; when this one ends, so does the pipe, and with it the server.
  child.unref();
  for (const stream of [child.stdin, child.stdout]) stream.unref();
  return JSON.parse(line);
}
