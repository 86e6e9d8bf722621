import { fileURLToPath } from 'node:url';
import { PeerProcess } from './PeerProcess.js';

/** What hypercore 10 makes of a folder; byte strings are hex, a block that is not there is `null`. */
export interface DiskPicture {
  readonly key: string;
  readonly fork: number;
  readonly length: number;
  readonly byteLength: number;
  readonly contiguousLength: number;
  readonly writable: boolean;
  readonly treeHash: string;
  readonly blocks: readonly (string | null)[];
}

/** The commands of `diskPeer.mjs`. */
export interface DiskCommands {
  open: [
    { folder: string; seed?: string; manifest?: boolean; key?: string; encryptionKey?: string },
    DiskPicture,
  ];
  append: [{ blocks: readonly string[] }, DiskPicture];
  truncate: [{ length: number }, DiskPicture];
  clear: [{ start: number; end: number }, DiskPicture];
  userData: [{ key: string; value: string }, object];
  getUserData: [{ key: string }, { value: string | null }];
  sparse: [{ seed: string; blocks: readonly string[]; indexes: readonly number[] }, DiskPicture];
  picture: [object, DiskPicture];
  audit: [object, { blocks: number; tree: number }];
  close: [object, object];
}

const script = fileURLToPath(new URL('../peers/diskPeer.mjs', import.meta.url));

/** Hypercore 10 on a folder, in a process of its own, or another program that takes the same commands. */
export class DiskPeer extends PeerProcess<object> {
  constructor(program: string = process.execPath, given: readonly string[] = [script]) {
    super('a peer on a folder', program, given);
  }

  async command<K extends keyof DiskCommands>(
    name: K,
    facts: DiskCommands[K][0],
  ): Promise<DiskCommands[K][1]> {
    const { id: _, error, ...rest } = await this.request(name, facts);
    if (error !== undefined) throw this.failed(`${name} failed in hypercore: ${error as string}`);
    return rest;
  }
}
