import { hypercoreProtocol, webSocketConnect } from 'rx-hypercore';
import { firstValueFrom, scan, switchMap, take, last } from 'rxjs';
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

/** Reads every block of a core and compares it with what the writer wrote; resolves to how many were the same. */
export function replicate(url: string, { key, count, size }: ServedCore): Promise<number> {
  return firstValueFrom(
    webSocketConnect(url).pipe(
      hypercoreProtocol({ initiator: true }),
      switchMap(protocol => followBlocks(protocol.open(unhex(key)))),
      take(count),
      scan((same, { index, value }) => {
        const wanted = blockBytes(index, size);
        if (value.length !== size || value.some((byte, at) => byte !== wanted[at]))
          throw new Error(`block ${index} is not what was written`);
        return same + 1;
      }, 0),
      last(),
    ),
  );
}
