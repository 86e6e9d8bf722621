import { cancel, data, type Message, noData, request, synchronize } from 'rx-hypercore';
import { marbleChannel } from 'rx-hypercore/testing';
import { Subject, take } from 'rxjs';
import { followBlocks, type FollowOptions } from '../../../demo/blocks/followBlocks.js';

const upgraded = (id: number, start: number, length: number) =>
  data({ request: id, upgrade: { start, length, nodes: [], additionalNodes: [], signature: null } });
const block = (id: number, index: number) =>
  data({ request: id, block: { index, value: Uint8Array.of(index), nodes: [] } });
const announced = (length: number, remoteLength: number) =>
  synchronize({ length, remoteLength, canUpgrade: false, uploading: false });
const asks = (id: number, index: number) => request({ id, block: { index, nodes: 0 } });

/** A follower whose remote is a Subject, and what it sends, emits and ends with. */
function follow(options: FollowOptions = {}, blocks = Infinity) {
  const remote = new Subject<Message>();
  const { channel, sent } = marbleChannel(remote);
  const log: Message[] = [];
  const emitted: string[] = [];
  sent.subscribe(message => log.push(message));
  const subscription = followBlocks(channel, options)
    .pipe(take(blocks))
    .subscribe({
      next: ({ index, value, length }) => emitted.push(`${index}:${value.join()} of ${length}`),
      error: (error: Error) => emitted.push(error.message),
      complete: () => emitted.push('complete'),
    });
  /** What was sent since the last time. */
  const said = (): Message[] => log.splice(0);
  return { remote, emitted, said, subscription };
}

describe('demo: followBlocks', () => {
  it('asks for an upgrade, acknowledges it, then for the blocks', () => {
    const { remote, said, emitted } = follow();
    expect(said()).toEqual([announced(0, 0)]);
    remote.next(synchronize({ length: 2 }));
    expect(said()).toEqual([request({ id: 1, upgrade: { start: 0, length: 2 } })]);
    remote.next(upgraded(1, 0, 2));
    expect(said()).toEqual([announced(2, 2), asks(2, 0), asks(3, 1)]);
    remote.next(block(2, 0));
    remote.next(block(3, 1));
    expect(emitted).toEqual(['0:0 of 2', '1:1 of 2']);
    remote.complete();
    expect(emitted.at(-1)).toBe('complete');
    expect(said()).toEqual([]);
  });

  it('keeps the order of blocks that come in another, and never asks past its window', () => {
    const { remote, said, emitted } = follow({ window: 2 });
    remote.next(synchronize({ length: 4 }));
    remote.next(upgraded(1, 0, 4));
    expect(said().slice(3)).toEqual([asks(2, 0), asks(3, 1)]);
    remote.next(block(3, 1));
    expect(said()).toEqual([]); // what waits for its turn is in the window too
    remote.next(block(2, 0));
    expect(said()).toEqual([asks(4, 2), asks(5, 3)]);
    remote.next(block(5, 3));
    remote.next(block(4, 2));
    expect(emitted).toEqual(['0:0 of 4', '1:1 of 4', '2:2 of 4', '3:3 of 4']);
  });

  it('follows what is appended, also while an upgrade is under way', () => {
    const { remote, said, emitted } = follow({ start: 1 });
    remote.next(synchronize({ length: 1 }));
    remote.next(synchronize({ length: 2, remoteLength: 1 })); // it grew before it heard that we did
    said();
    remote.next(upgraded(1, 0, 1));
    expect(said()).toEqual([announced(1, 1), request({ id: 2, upgrade: { start: 1, length: 1 } })]);
    remote.next(upgraded(2, 1, 1));
    expect(said()).toEqual([announced(2, 2), asks(3, 1)]);
    remote.next(block(3, 1));
    expect(emitted).toEqual(['1:1 of 2']);
  });

  it('waits for a remote that has not heard of its length, or cannot prove the way', () => {
    const { remote, said } = follow();
    said();
    remote.next(synchronize({ length: 3, canUpgrade: false }));
    remote.next(synchronize({ length: 3, remoteLength: 1 }));
    remote.next(synchronize({ length: 0 }));
    expect(said()).toEqual([]);
  });

  it('asks on the fork of the remote, and fails when that changes', () => {
    const { remote, said, emitted } = follow();
    said();
    remote.next(synchronize({ fork: 2, length: 1 }));
    expect(said()).toEqual([request({ id: 1, fork: 2, upgrade: { start: 0, length: 1 } })]);
    remote.next(upgraded(1, 0, 1));
    remote.next(synchronize({ fork: 3, length: 1 }));
    expect(emitted).toEqual(['the core was truncated']);
  });

  it('takes its requests back when nobody listens any more', () => {
    const { remote, said, emitted } = follow({}, 1);
    remote.next(synchronize({ length: 3 }));
    remote.next(upgraded(1, 0, 3));
    said();
    remote.next(block(2, 0));
    expect(emitted).toEqual(['0:0 of 3', 'complete']);
    expect(said()).toEqual([cancel({ request: 3 }), cancel({ request: 4 })]);
    remote.next(block(3, 1));
    expect(emitted.length).toBe(2);
  });

  it('fails when the remote has nothing, answers with another block, or leaves', () => {
    const endings: [string, (remote: Subject<Message>) => void][] = [
      ['the remote does not have what it announced', remote => remote.next(noData({ request: 2 }))],
      ['the remote answered with another block', remote => remote.next(block(2, 1))],
      ['the remote answered with another block', remote => remote.next(data({ request: 2 }))],
      ['the channel closed too early', remote => remote.complete()],
      ['lost', remote => remote.error(new Error('lost'))],
    ];
    for (const [message, happen] of endings) {
      const { remote, emitted } = follow();
      remote.next(synchronize({ length: 1 }));
      remote.next(upgraded(1, 0, 1));
      happen(remote);
      expect(emitted).toEqual([message]);
    }
  });

  it('has no state between two subscriptions, and none before one', () => {
    const remote = new Subject<Message>();
    const { channel, sent } = marbleChannel(remote);
    const log: Message[] = [];
    sent.subscribe(message => log.push(message));
    const blocks = followBlocks(channel);
    expect(log).toEqual([]);
    blocks.subscribe().unsubscribe();
    blocks.subscribe();
    expect(log).toEqual([announced(0, 0), announced(0, 0)]);
  });
});
