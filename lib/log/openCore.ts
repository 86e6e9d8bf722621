import type { CryptoBackend } from '../crypto/CryptoBackend.js';
import { StorageQuotaError } from '../logErrors.js';
import { Oplog } from '../oplog/Oplog.js';
import { CoreAuthority } from '../proof/CoreAuthority.js';
import type { RandomAccess } from '../storage/RandomAccess.js';
import { memoryStorage } from '../storage/memory/memoryStorage.js';
import { TreeHasher } from '../tree/TreeHasher.js';
import { BlockStore } from './BlockStore.js';
import { ByteCache } from './ByteCache.js';
import { CoreState } from './CoreState.js';
import { HeldBlocks } from './HeldBlocks.js';
import { LogCore } from './LogCore.js';
import { DEFAULT_CACHE_BYTES, verifyLogOptions, type LogOptions } from './LogOptions.js';
import { NodeStore } from './NodeStore.js';
import { RecentBlocks } from './RecentBlocks.js';
import { replayOplog } from './replayOplog.js';
import { resolveIdentity } from './resolveIdentity.js';

/**
 * Opens a core, or makes it: takes the right to write, reads the header and does again what came after it.
 *
 * @internal
 */
export async function openCore(options: LogOptions & { readonly crypto: CryptoBackend }): Promise<LogCore> {
  verifyLogOptions(options);
  const { storage = memoryStorage(), folder = '' } = options;
  const unlock = await storage.lock(folder);
  const files: RandomAccess[] = [];
  const release = async (): Promise<void> => {
    const closed = await Promise.allSettled(files.map(file => file.close()));
    await unlock();
    for (const result of closed) {
      // What found no room is no loss: it was refused, or the oplog has it.
      if (result.status === 'rejected' && !(result.reason instanceof StorageQuotaError)) throw result.reason;
    }
  };
  try {
    const open = async (name: string): Promise<RandomAccess> => {
      const file = await storage.open(folder === '' ? name : `${folder}/${name}`);
      files.push(file);
      return file;
    };
    return await openFiles(options, open, release);
  } catch (error) {
    await release().catch(() => undefined);
    throw error;
  }
}

async function openFiles(
  options: LogOptions & { readonly crypto: CryptoBackend },
  open: (name: string) => Promise<RandomAccess>,
  release: () => Promise<void>,
): Promise<LogCore> {
  const { crypto, cacheBytes = DEFAULT_CACHE_BYTES, encryptionKey } = options;
  const batched = options.durability === 'batched';
  // What is not flushed may be torn anywhere.
  const oplog = await Oplog.open(await open('oplog'), await open('header'), { salvage: batched });
  const isNew = oplog.header === null;
  if (isNew && options.createIfMissing === false) throw new RangeError('no core is stored there');
  const { identity, keyPair } = resolveIdentity(crypto, options, oplog.header);
  const header = oplog.header ?? {
    ...identity,
    userData: [],
    tree: { fork: 0, length: 0, rootHash: null, signature: null },
    hints: { reorgs: [], contiguousLength: 0 },
  };
  const hasher = new TreeHasher(crypto);
  const authority = new CoreAuthority(hasher, identity.key, { manifest: identity.manifest });
  const [tree, data, bitfieldFile] = [await open('tree'), await open('data'), await open('bitfield')];
  // Nodes are small and lead to blocks: a quarter is theirs.
  const pages = cacheBytes === 0 ? null : new ByteCache<Uint8Array>(cacheBytes / 4, page => page.length);
  const blocks = new ByteCache<Uint8Array>(cacheBytes / 2, block => block.length);
  const { verifyBlocks = true } = options;
  const replayed = await replayOplog({
    oplog,
    header,
    authority,
    bitfieldFile,
    batched,
    openNodes: () => NodeStore.open(tree, pages),
    openBlocks: nodes =>
      options.storage === undefined
        ? new BlockStore(null, nodes, hasher, blocks, false, new HeldBlocks())
        : new BlockStore(data, nodes, hasher, blocks, verifyBlocks, new RecentBlocks(cacheBytes / 4)),
  });
  oplog.entries = [];
  const state = new CoreState({ hasher, authority, oplog, identity, flushesEach: !batched, ...replayed });
  if (isNew || replayed.repaired) await state.checkpoint();
  return new LogCore(state, { keyPair, encryptionKey: encryptionKey ?? null, release });
}
