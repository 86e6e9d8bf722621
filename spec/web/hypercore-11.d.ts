/** As much of hypercore 11 as the specs use inside their own process. */
declare module 'hypercore-11' {
  export default class Hypercore {
    constructor(directory: string);
    readonly key: Uint8Array;
    readonly discoveryKey: Uint8Array | null;
    readonly peers: readonly unknown[];
    ready(): Promise<void>;
    append(blocks: Uint8Array[]): Promise<unknown>;
    replicate(stream: unknown): unknown;
    close(): Promise<void>;
  }
}
