import { verifyExtensionName } from './extension.js';

/**
 * How names of extensions are shortened on one channel: a name like the last one in the same direction travels as the empty
 * string (hypercore `lib/replicator.js`). One of these belongs to one channel and lives as long.
 *
 * @internal
 */
export class ExtensionNames {
  private lastSent = '';
  private lastReceived = '';

  /**
   * What to write for the name of the next extension message.
   *
   * @throws RangeError for a name that cannot be sent, which is then not remembered.
   */
  encodeName(name: string): string {
    if (name === this.lastSent && name !== '') return '';
    verifyExtensionName(name);
    this.lastSent = name;
    return name;
  }

  /** What was meant by the name of a received message; empty only if the remote never sent one. */
  decodeName(name: string): string {
    if (name !== '') this.lastReceived = name;
    return this.lastReceived;
  }
}
