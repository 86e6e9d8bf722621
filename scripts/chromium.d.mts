/** The browser the specs run in: `CHROME_BIN`, or the first one found; null if there is none. */
export function findChromium(): string | null;
