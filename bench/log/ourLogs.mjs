// Cores of rx-hypercore for the benchmarks, by `load`, which imports a module of the build.
import { lastValueFrom, of } from 'rxjs';

export async function ourLogs(load, crypto) {
  const [{ openLog, createPeer, replicate }, { diskStorage }, { hypercoreProtocol, memoryPair }] =
    await Promise.all(['log/index.js', 'storage/disk/index.js', 'index.js'].map(load));
  return {
    /** In memory without a folder. */
    open: (folder, { durability = 'each', cacheBytes } = {}) =>
      openLog({
        crypto,
        durability,
        ...(cacheBytes !== undefined && { cacheBytes }),
        ...(folder !== undefined && { storage: diskStorage(folder) }),
      }),

    append: (log, blocks) => log.append(blocks),

    get: (log, index) => log.get(index),

    close: log => log.close(),

    /** A core of so many blocks in memory, to be sent again and again. */
    async source(blocks) {
      const peer = createPeer({ crypto });
      const core = peer.core();
      await core.ready();
      await core.append(blocks);
      return { peer, key: core.key };
    },

    /** Downloads all of it over an encrypted connection in this process. */
    async download({ peer, key }, length) {
      const reader = createPeer({ crypto });
      const core = reader.core(key);
      const [a, b] = memoryPair();
      const connections = [
        [peer, a, true],
        [reader, b, false],
      ].map(([one, transport, initiator]) =>
        of(transport)
          .pipe(hypercoreProtocol({ initiator, crypto }), replicate(one))
          .subscribe({ error: error => console.error(error) }),
      );
      await lastValueFrom(core.download({ end: length }), { defaultValue: null });
      for (const connection of connections) connection.unsubscribe();
      await reader.close();
    },
  };
}
