// Two peers over TCP in one process: the example everybody starts from. Run it with `npx tsx demo/two-peers.ts`.
import { mergeMap, of } from 'rxjs';
import { hypercoreProtocol, type Protocol, want } from 'rx-hypercore';
import { tcpConnect, tcpListen } from 'rx-hypercore/node';

const key = new Uint8Array(32).fill(3); // both peers know it; it never crosses the wire
const port = Number(process.env['PORT'] ?? 8000);

tcpListen({ port, listening: dial })
  .pipe(mergeMap(io => of(io).pipe(hypercoreProtocol({ initiator: false }))))
  .subscribe(serve);

function dial(): void {
  tcpConnect({ port })
    .pipe(hypercoreProtocol({ initiator: true }))
    .subscribe(serve);
}

function serve(protocol: Protocol): void {
  const report = { error: (error: Error) => console.log(error.message) };
  protocol.events.subscribe({ next: event => console.log(event.type), ...report }); // handshake, discovery-key, channel, close, local-signal
  const channel = protocol.open(key); // a Subject<Message>
  channel.subscribe({ next: message => console.log('received', message), ...report });
  channel.next(want({ start: 0, length: 1 })); // held until the remote proved that it knows the key
}
