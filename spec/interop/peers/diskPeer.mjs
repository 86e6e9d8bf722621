/**
 * Hypercore 10 on a folder, in a process of its own: what it writes there, and what it makes of what others wrote.
 *
 * Driven by JSON lines on stdin, each `{ "id": n, "do": "<command>", ... }`; answers on stdout with `{ "id": n, ... }` or
 * `{ "id": n, "error": "..." }`. Byte strings are hex. Ends when stdin does.
 */
import { createInterface } from 'node:readline';
import crypto from 'hypercore-crypto';
import Hypercore from 'hypercore-10';
import RAM from 'random-access-memory';

const hex = bytes => Buffer.from(bytes).toString('hex');
const bytes = text => Buffer.from(text, 'hex');

let core = null;

async function picture() {
  const blocks = [];
  for (let i = 0; i < core.length; i++) blocks.push((await core.has(i)) ? hex(await core.get(i)) : null);
  return {
    key: hex(core.key),
    fork: core.fork,
    length: core.length,
    byteLength: core.byteLength,
    contiguousLength: core.contiguousLength,
    writable: core.writable,
    treeHash: hex(core.core.tree.hash()),
    blocks,
  };
}

const commands = {
  /** `seed` makes it a writer, `manifest` a core with one; `key` alone opens it for reading. */
  async open({ folder, seed, manifest, key, encryptionKey }) {
    const keyPair = seed === undefined ? undefined : crypto.keyPair(bytes(seed));
    core = new Hypercore(folder, key === undefined ? undefined : bytes(key), {
      keyPair,
      encryptionKey: encryptionKey === undefined ? undefined : bytes(encryptionKey),
      ...(manifest
        ? { manifest: { signers: [{ publicKey: keyPair.publicKey }] }, compat: false, keyPair }
        : {}),
    });
    await core.ready();
    return picture();
  },
  async append({ blocks }) {
    await core.append(blocks.map(bytes));
    return picture();
  },
  async truncate({ length }) {
    await core.truncate(length);
    return picture();
  },
  async clear({ start, end }) {
    await core.clear(start, end);
    return picture();
  },
  async userData({ key, value }) {
    await core.setUserData(key, bytes(value));
    return {};
  },
  async getUserData({ key }) {
    const value = await core.getUserData(key);
    return { value: value === null ? null : hex(value) };
  },
  /** Downloads some blocks from a writer in memory, of the same seed. */
  async sparse({ seed, blocks, indexes }) {
    const source = new Hypercore(RAM, { keyPair: crypto.keyPair(bytes(seed)) });
    await source.append(blocks.map(bytes));
    const [a, b] = [source.replicate(true), core.replicate(false)];
    a.pipe(b).pipe(a);
    await core.update({ wait: true });
    for (const index of indexes) await core.get(index);
    a.destroy();
    await source.close();
    return picture();
  },
  async picture() {
    return picture();
  },
  /** What its own audit finds to be wrong, and would correct. */
  async audit() {
    return core.core.audit();
  },
  async close() {
    await core.close();
    core = null;
    return {};
  },
};

let last = Promise.resolve();
createInterface({ input: process.stdin }).on('line', line => {
  const { id, do: name, ...facts } = JSON.parse(line);
  last = last.then(async () => {
    let answer;
    try {
      answer = await commands[name](facts);
    } catch (error) {
      answer = { error: `${error.code ?? ''} ${error.message}` };
    }
    process.stdout.write(`${JSON.stringify({ id, ...answer })}\n`);
  });
});
