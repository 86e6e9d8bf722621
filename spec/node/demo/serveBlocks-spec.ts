import {
  cancel,
  data,
  type Data,
  type Message,
  noData,
  range,
  request,
  synchronize,
  want,
} from 'rx-hypercore';
import { marbleChannel } from 'rx-hypercore/testing';
import { BehaviorSubject, NEVER, type ObservableInput, of, Subject, throwError } from 'rxjs';
import { serveBlocks } from '../../../demo/blocks/serveBlocks.js';

const block = (id: number, index: number) =>
  data({ request: id, block: { index, value: Uint8Array.of(index), nodes: [] } });

/** A server whose remote is a Subject, and what it sends and emits. */
function serve(length: number, proof: (id: number) => ObservableInput<Data | null>) {
  const remote = new Subject<Message>();
  const lengths = new BehaviorSubject(length);
  const { channel, sent } = marbleChannel(remote);
  const log: Message[] = [];
  const emitted: (Data | string)[] = [];
  sent.subscribe(message => log.push(message));
  serveBlocks(channel, { fork: 1, hasManifest: false, lengths, proof: ({ id }) => proof(id) }).subscribe({
    next: answer => emitted.push(answer),
    error: (error: Error) => emitted.push(error.message),
    complete: () => emitted.push('complete'),
  });
  /** What was sent since the last time. */
  const said = (): Message[] => log.splice(0);
  return { remote, lengths, emitted, said };
}

describe('demo: serveBlocks', () => {
  it('announces what there is and what is added', () => {
    const { lengths, said } = serve(3, () => NEVER);
    expect(said()).toEqual([synchronize({ fork: 1, length: 3 }), range({ start: 0, length: 3 })]);
    lengths.next(5);
    expect(said()).toEqual([synchronize({ fork: 1, length: 5 }), range({ start: 3, length: 2 })]);
  });

  it('announces an empty core without a range', () => {
    const { remote, said } = serve(0, () => NEVER);
    expect(said()).toEqual([synchronize({ fork: 1 })]);
    remote.next(want({ start: 0, length: 32 }));
    expect(said()).toEqual([]);
  });

  it('tells a shorter remote its length back, and no other one', () => {
    const { remote, lengths, said } = serve(3, () => NEVER);
    said();
    remote.next(synchronize({ fork: 1, length: 2 }));
    expect(said()).toEqual([synchronize({ fork: 1, length: 3, remoteLength: 2 })]);
    remote.next(synchronize({ fork: 1, length: 3 }));
    remote.next(synchronize({ fork: 1, length: 9 }));
    expect(said()).toEqual([]);
    remote.next(synchronize({ fork: 0, length: 2 })); // of another fork
    lengths.next(4);
    expect(said()[0]).toEqual(synchronize({ fork: 1, length: 4, remoteLength: 0 }));
  });

  it('answers wants and requests', () => {
    const { remote, said, emitted } = serve(3, id => of(block(id, 2)));
    said();
    remote.next(want({ start: 0, length: 32 }));
    remote.next(request({ id: 7, fork: 1, block: { index: 2, nodes: 0 } }));
    expect(said()).toEqual([range({ start: 0, length: 3 }), block(7, 2)]);
    expect(emitted).toEqual([block(7, 2)]);
  });

  it('withdraws a block before it says that it has none', () => {
    const answers = [of(null), throwError(() => new Error('no proof'))];
    const { remote, said, emitted } = serve(3, id => answers[id]);
    said();
    remote.next(request({ id: 0, fork: 1, block: { index: 2, nodes: 0 } }));
    expect(said()).toEqual([range({ drop: true, start: 2 }), noData({ request: 0 })]);
    remote.next(request({ id: 1, fork: 1, upgrade: { start: 0, length: 9 } }));
    expect(said()).toEqual([noData({ request: 1 })]);
    expect(emitted).toEqual([]);
  });

  it('answers nothing that was taken back, and stops with its channel', () => {
    const proofs = [new Subject<Data>(), new Subject<Data>()];
    const { remote, lengths, said, emitted } = serve(3, id => proofs[id]);
    for (const id of [0, 1]) remote.next(request({ id, fork: 1, block: { index: id, nodes: 0 } }));
    remote.next(cancel({ request: 0 }));
    expect(proofs.map(({ observed }) => observed)).toEqual([false, true]);
    said();
    remote.complete();
    expect(emitted).toEqual(['complete']);
    expect([...proofs, lengths].map(({ observed }) => observed)).toEqual([false, false, false]);
    expect(said()).toEqual([]);
  });

  it('makes sixteen proofs at a time', () => {
    const proofs = Array.from({ length: 17 }, () => new Subject<Data>());
    const { remote } = serve(3, id => proofs[id]);
    for (const id of proofs.keys()) remote.next(request({ id, fork: 1 }));
    expect(proofs.filter(({ observed }) => observed).length).toBe(16);
    proofs[3].complete();
    expect(proofs[16].observed).toBeTrue();
  });
});
