import { hypercoreProtocol, webSocketConnect } from 'rx-hypercore';
import { createPeer, replicate } from 'rx-hypercore/log';
import { firstValueFrom, ignoreElements, last, merge, type Observable, scan, switchMap, take } from 'rxjs';
import { followBlocks } from '../../demo/blocks/followBlocks.js';
import { unhex } from '../helpers/bytes.js';
import { blockBytes } from '../interop/peers/blockBytes.mjs';

/** A core that a real hypercore serves through the bridge, with the blocks of `blockBytes`. */
export interface ServedCore {
  readonly version: 10 | 11;
  /** Hex. */
  readonly key: string;
  readonly count: number;
  readonly size: number;
}

/** Replicates a core into a verified log and compares every block; resolves to how many were what was written. */
export async function replicateByLog(url: string, served: ServedCore): Promise<number> {
  const peer = createPeer();
  try {
    const connection = webSocketConnect(url).pipe(
      hypercoreProtocol({ initiator: true }),
      replicate(peer),
      ignoreElements(),
    );
    const core = peer.core(unhex(served.key));
    const same = await sameBlocks(merge(connection, core.blocks({ live: true, end: served.count })), served);
    // What was compared as it came is stored as well.
    if (core.contiguousLength !== served.count) throw new Error('not every block was stored');
    return same;
  } finally {
    await peer.close();
  }
}

/** The same by the messages of a channel alone, where whoever reads believes what the remote says. */
export function replicateByChannel(url: string, served: ServedCore): Promise<number> {
  return sameBlocks(
    webSocketConnect(url).pipe(
      hypercoreProtocol({ initiator: true }),
      switchMap(protocol => followBlocks(protocol.open(unhex(served.key)))),
    ),
    served,
  );
}

function sameBlocks(
  blocks: Observable<{ readonly index: number; readonly value: Uint8Array }>,
  { count, size }: ServedCore,
): Promise<number> {
  return firstValueFrom(
    blocks.pipe(
      take(count),
      scan((same, { index, value }) => {
        const wanted = blockBytes(index, size);
        if (index !== same || value.length !== size || value.some((byte, at) => byte !== wanted[at]))
          throw new Error(`block ${index} is not what was written`);
        return same + 1;
      }, 0),
      last(),
    ),
  );
}
