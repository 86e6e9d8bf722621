/**
 * Cores in a browser: the origin private file system or IndexedDB, whichever is there.
 *
 * @packageDocumentation
 */

export {
  browserStorage,
  type BrowserStorage,
  type BrowserStorageChoice,
  type BrowserStorageKind,
  type BrowserStorageOptions,
} from './browserStorage.js';
export type { BrowserEnvironment } from './BrowserEnvironment.js';
export { serveOpfs, type OpfsWorkerScope } from './opfs/serveOpfs.js';
export type { RandomAccess, Storage } from '../RandomAccess.js';
