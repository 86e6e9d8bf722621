import { cancel, data, noData, request, synchronize } from 'rx-hypercore';
import { marbleChannel } from 'rx-hypercore/testing';
import { followBlocks } from '../../../demo/blocks/followBlocks.js';
import { marbles } from '../../helpers/marbles.js';

const proof = { nodes: [], additionalNodes: [], signature: null };
const value = (index: number): Uint8Array => Uint8Array.of(index);
const upgraded = (id: number, start: number, length: number, fork = 0) =>
  data({ request: id, fork, upgrade: { start, length, ...proof } });
const block = (id: number, index: number, fork = 0) =>
  data({ request: id, fork, block: { index, value: value(index), nodes: [] } });
const emitted = (index: number, length: number) => ({ index, value: value(index), length });
const ours = (length: number, fork = 0) =>
  synchronize({ fork, length, remoteLength: length, canUpgrade: false, uploading: false });
const asks = (id: number, index: number, fork = 0) => request({ id, fork, block: { index, nodes: 0 } });

describe('demo: followBlocks', () => {
  it('upgrades, asks for no more than its window, emits in order, follows', () => {
    marbles(({ hot, expectObservable }) => {
      const { channel, sent } = marbleChannel(
        hot('-s-u--b-a-c-s-v-d-|', {
          s: synchronize({ length: 3 }),
          u: upgraded(1, 0, 3),
          a: block(2, 0),
          b: block(3, 1),
          c: block(4, 2),
          v: upgraded(5, 3, 1),
          d: block(6, 3),
        }),
      );
      expectObservable(sent).toBe('h-----', { h: ours(0) });
      expectObservable(followBlocks(channel)).toBe('-');
    });
  });
});
