/** As much of hypercore 10 as the specs use inside their own process. */
declare module 'hypercore-10' {
  export interface TreeNode {
    index: number;
    size: number;
    hash: Uint8Array;
  }
  export interface RawRequest {
    block: { index: number; nodes: number } | null;
    hash: { index: number; nodes: number } | null;
    seek: { bytes: number; padding: number } | null;
    upgrade: { start: number; length: number } | null;
  }
  export interface RawProof {
    fork: number;
    block: { index: number; value: Uint8Array | null; nodes: readonly TreeNode[] } | null;
    hash: { index: number; nodes: readonly TreeNode[] } | null;
    seek: { bytes: number; nodes: readonly TreeNode[] } | null;
    upgrade: {
      start: number;
      length: number;
      nodes: readonly TreeNode[];
      additionalNodes: readonly TreeNode[];
      signature: Uint8Array | null;
    } | null;
    manifest: RawManifest | null;
  }
  export interface RawManifest {
    version: number;
    hash: 'blake2b';
    allowPatch: boolean;
    quorum: number;
    signers: { signature: 'ed25519'; namespace: Uint8Array; publicKey: Uint8Array }[];
    prologue: { hash: Uint8Array; length: number } | null;
  }
  export default class Hypercore {
    constructor(
      storage: (file: string) => unknown,
      key: Uint8Array | null,
      options?: { keyPair?: { publicKey: Uint8Array; secretKey: Uint8Array }; compat?: boolean },
    );
    readonly key: Uint8Array;
    readonly discoveryKey: Uint8Array;
    readonly length: number;
    readonly byteLength: number;
    readonly fork: number;
    readonly core: {
      readonly compat: boolean;
      readonly header: { readonly manifest: RawManifest | null };
      readonly bitfield: { get(index: number): boolean };
      readonly tree: { proof(request: RawRequest): Promise<RawProof> };
      verify(proof: object): Promise<boolean>;
    };
    readonly peers: readonly unknown[];
    ready(): Promise<void>;
    replicate(stream: unknown): unknown;
    append(blocks: Uint8Array[]): Promise<void>;
    get(index: number, options?: { wait?: boolean }): Promise<Uint8Array>;
    has(index: number): Promise<boolean>;
    close(): Promise<void>;
  }
}

declare module 'random-access-memory' {
  export default class RandomAccessMemory {}
}

declare module 'random-access-storage' {
  interface Request {
    readonly offset: number;
    readonly size: number;
    callback(error: Error | null, bytes?: Uint8Array): void;
  }
  export default class RandomAccessStorage {
    constructor(options: Partial<Record<'read' | 'write' | 'del', (request: Request) => void>>);
  }
}

declare module 'hypercore-crypto' {
  export function keyPair(seed: Uint8Array): { publicKey: Uint8Array; secretKey: Uint8Array };
  const crypto: { keyPair: typeof keyPair };
  export default crypto;
}
