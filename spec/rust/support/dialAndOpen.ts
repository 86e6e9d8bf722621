// Dials a peer on the crate, opens a channel, says so in a line and stays: `dialAndOpen.ts version port key`.
import { hypercoreProtocol } from 'rx-hypercore';
import { tcpConnect } from 'rx-hypercore/node';
import { mergeMap } from 'rxjs';
import { unhex } from '../../helpers/bytes.js';
import type { CrateVersion } from './RustPeer.js';
import { profiles } from './RustSide.js';

const [version, port, key] = process.argv.slice(2) as [CrateVersion, string, string];
process.stdin.on('end', () => process.exit(0)).resume(); // whoever started this is gone
tcpConnect({ port: Number(port) })
  .pipe(
    hypercoreProtocol({ initiator: true, peer: profiles[version] }),
    mergeMap(protocol => protocol.open(unhex(key)).opened),
  )
  .subscribe(() => console.log('open'));
