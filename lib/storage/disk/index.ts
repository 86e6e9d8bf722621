/**
 * Cores in a folder of the file system, in the layout of hypercore 10. Node only; needs the optional package
 * `random-access-file`.
 *
 * @packageDocumentation
 */

export { diskStorage } from './diskStorage.js';
export type { RandomAccess, Storage } from '../RandomAccess.js';
