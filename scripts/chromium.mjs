import { existsSync } from 'node:fs';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The browser the specs run in: `CHROME_BIN`, or the first one found; null if there is none. */
export function findChromium() {
  const { CHROME_BIN } = process.env;
  if (CHROME_BIN) return existsSync(CHROME_BIN) ? CHROME_BIN : null;
  return places.find(existsSync) ?? null;
}
