import type { Data } from '../../lib/messages/data.js';
import { noData } from '../../lib/messages/noData.js';
import type { Request } from '../../lib/messages/request.js';
import type { Log } from '../../lib/log/Log.js';
import { settle } from '../helpers/settle.js';
import { ScriptedRemote, Site, writtenLog } from './ScriptedRemote.js';

const forged = (proof: Data): Data => ({
  ...proof,
  block: proof.block && {
    ...proof.block,
    nodes: [...proof.block.nodes, ...proof.block.nodes, { index: 1, size: 1, hash: new Uint8Array(32) }],
  },
});

describe('replication leans the proof of a block on the one before', () => {
  /** A reader that has asked for 16 blocks, one remote, and what it was asked. */
  const asking = async (limits: Parameters<typeof Site.reading>[1] = {}) => {
    const writer = await writtenLog(16);
    const site = await Site.reading(writer, limits);
    const remote = new ScriptedRemote(site);
    await remote.upgrade(writer);
    site.wish(0, 16);
    await settle();
    return { writer, site, remote, requests: remote.take('request') };
  };
  const say = async (remote: ScriptedRemote, writer: Log, requests: readonly Request[]): Promise<void> => {
    for (const request of requests) {
      const proof = await writer.core.prove(request);
      if (proof !== null) remote.say(proof);
    }
    await settle();
  };

  it('so that a row takes one node a block', async () => {
    const { writer, site, remote, requests } = await asking();
    expect(requests.map(({ block }) => block?.nodes)).toEqual([
      4, 0, 1, 0, 2, 0, 1, 0, 3, 0, 1, 0, 2, 0, 1, 0,
    ]);
    await say(remote, writer, requests);
    expect(site.log.contiguousLength).toBe(16);
    expect(remote.take('request')).toEqual([]);
  });

  it('whatever the order of the answers', async () => {
    const { writer, site, remote, requests } = await asking();
    const last = requests.slice(1);
    await say(remote, writer, last.reverse());
    expect(site.log.contiguousLength).toBe(0);
    await say(remote, writer, requests.slice(0, 1));
    expect(site.log.contiguousLength).toBe(16);
    expect(remote.take('request')).toEqual([]);
    expect(site.drops).toEqual([]);
  });

  it('and asks for the whole proof where the one before does not come', async () => {
    const { writer, site, remote, requests } = await asking();
    await say(remote, writer, requests.slice(1, 4));
    remote.say(noData({ request: requests[0].id }));
    await settle();
    expect(site.drops).toEqual([]);
    const again = remote.take('request');
    expect(again.map(({ block }) => block?.index)).toEqual([1, 2, 3]);
    expect(again[0].block?.nodes).toBe(4);
    await say(remote, writer, requests.slice(4));
    await say(remote, writer, again);
    while (remote.heard.some(({ type }) => type === 'request'))
      await say(remote, writer, remote.take('request'));
    expect(site.log.contiguousLength).toBe(0);
    expect(site.log.has(15) && site.log.has(1)).toBe(true);
    expect(site.drops).toEqual([]);
  });

  it('and holds no more answers than half the window', async () => {
    const { writer, site, remote, requests } = await asking({ maxInFlightPerPeer: 16 });
    await say(remote, writer, requests.slice(1, 9));
    expect(remote.take('request')).toEqual([]);
    await say(remote, writer, requests.slice(9, 10));
    const again = remote.take('request').map(({ block }) => block?.index);
    expect(again.length).toBeGreaterThan(0);
    expect(site.drops).toEqual([]);
  });

  it('and holds no more bytes than it may', async () => {
    const { writer, site, remote, requests } = await asking({ maxHeldBytes: 60 });
    await say(remote, writer, requests.slice(1, 4)); // 20 bytes each
    expect(remote.take('request')).toEqual([]);
    await say(remote, writer, requests.slice(4, 5));
    expect(remote.take('request').length).toBeGreaterThan(0);
    expect(site.drops).toEqual([]);
  });

  it('and drops who sends a wrong proof although the one before was right', async () => {
    const { writer, site, remote, requests } = await asking();
    await say(remote, writer, requests.slice(0, 2));
    const proof = await writer.core.prove(requests[2]);
    remote.say(forged(proof!));
    await settle();
    expect(site.drops).toEqual(['ERR_PROOF']);
  });
});
