import { open } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes the name of a new file, and those of the folders down to it, safe from a crash of the machine. Does nothing where a
 * folder cannot be flushed, as on Windows.
 *
 * @internal
 */
export async function syncFolders(path: string, root: string): Promise<void> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    try {
      const handle = await open(folder, 'r');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch {
      return;
    }
    // The folder that holds the root names the root.
    if (!folder.startsWith(root) || folder === dirname(folder)) return;
  }
}
