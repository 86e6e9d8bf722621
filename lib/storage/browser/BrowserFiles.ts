import type { RandomAccess } from '../RandomAccess.js';

/** What a kind of browser storage does; names are checked already, and a file is open once at a time. @internal */
export interface BrowserFiles {
  open(name: string): Promise<RandomAccess>;
  remove(folder: string): Promise<void>;
  /** Keeps other pages out where there are no Web Locks; null if it cannot. */
  readonly lock: ((folder: string) => Promise<() => Promise<void>>) | null;
  close(): Promise<void>;
}
