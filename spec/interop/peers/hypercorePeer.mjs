/**
 * A real Hypercore peer in a process of its own, on the official stack from end to end.
 *
 *   node hypercorePeer.mjs --version 10|11 [--directory D] [--role listen|dial --port N [--host H]]
 *
 * It is driven by JSON lines on stdin, each `{ "id": n, "do": "<command>", ... }`, and answers on stdout with
 * `{ "id": n, "ok": true, ... }` or `{ "id": n, "error": "..." }`. Between the answers it reports what happens to it as
 * `{ "event": "<name>", ... }`. The commands are the methods of `commands` below; byte strings are hex.
 *
 * It ends when stdin does, so that it never outlives the process that drives it.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import crypto from 'hypercore-crypto';
import RAM from 'random-access-memory';
import { blockBytes } from './blockBytes.mjs';

const { values: options } = parseArgs({
  options: {
    version: { type: 'string' },
    directory: { type: 'string' },
    role: { type: 'string' },
    port: { type: 'string', default: '0' },
    host: { type: 'string', default: '127.0.0.1' },
  },
});
if (!['10', '11'].includes(options.version)) throw new Error('--version must be 10 or 11');
const { default: Hypercore } = await import(`hypercore-${options.version}`);
const multisig = createRequire(import.meta.url)(`hypercore-${options.version}/lib/multisig.js`);

// Nothing of it is to be kept, whoever made it; hypercore 10 stores in memory.
const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'hypercore-peer-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));

const cores = new Map(); // name -> { core, attach, extensions }
const connections = new Map(); // number -> { socket, stream, noise }
let connectionsMade = 0;

const hex = bytes => (bytes === null || bytes === undefined ? null : Buffer.from(bytes).toString('hex'));
const bytes = text => Buffer.from(text, 'hex');
const sha256 = data => createHash('sha256').update(data).digest('hex');
const write = line => process.stdout.write(`${JSON.stringify(line)}\n`);
const emit = (event, facts = {}) => write({ event, ...facts });
const failure = error => ({ code: error?.code ?? null, message: error?.message ?? String(error) });

function named(name) {
  const entry = cores.get(name);
  if (entry === undefined) throw new Error(`no core is called ${name}`);
  return entry;
}

function numbered(number) {
  const entry = connections.get(number);
  if (entry === undefined) throw new Error(`there is no connection ${number}`);
  return entry;
}

/** How each version is told of an encrypted core. */
function encryptedBy(encryptionKey) {
  if (encryptionKey === undefined) return {};
  const key = bytes(encryptionKey);
  return options.version === '10' ? { encryptionKey: key } : { encryption: { key } };
}

async function addCore(name, key, settings, attach) {
  if (cores.has(name)) throw new Error(`a core is already called ${name}`);
  const storage = options.version === '10' ? () => new RAM() : join(directory, name);
  const core = new Hypercore(storage, key, settings);
  core.on('append', () => emit('append', { core: name, length: core.length }));
  core.on('truncate', () => emit('truncate', { core: name, length: core.length, fork: core.fork }));
  core.on('conflict', (length, fork) => emit('conflict', { core: name, length, fork }));
  core.on('peer-add', peer => emit('peer-add', { core: name, remotePublicKey: hex(peer.remotePublicKey) }));
  core.on('peer-remove', peer =>
    emit('peer-remove', { core: name, remotePublicKey: hex(peer.remotePublicKey) }),
  );
  await core.ready();
  cores.set(name, { core, attach, extensions: new Map() });
  if (attach) for (const { stream } of connections.values()) core.replicate(stream);
  return describe(core);
}

function describe(core) {
  return {
    key: hex(core.key),
    discoveryKey: hex(core.discoveryKey),
    writable: core.writable,
    length: core.length,
    byteLength: core.byteLength,
    contiguousLength: core.contiguousLength,
    fork: core.fork,
  };
}

/** Puts the official protocol stream on a socket, and every attached core on the stream. */
function adopt(socket, isInitiator, { seed, pattern, remotePublicKey } = {}) {
  const connection = ++connectionsMade;
  const stream = Hypercore.createProtocolStream(isInitiator, {
    ...(seed && { keyPair: crypto.keyPair(bytes(seed)) }),
    ...(pattern && { pattern }),
    ...(remotePublicKey && { remotePublicKey: bytes(remotePublicKey) }),
    ondiscoverykey: discoveryKey => emit('discovery-key', { connection, discoveryKey: hex(discoveryKey) }),
  });
  const noise = stream.noiseStream;
  connections.set(connection, { socket, stream, noise });
  emit('connection', { connection, initiator: isInitiator });
  noise.opened.then(opened => {
    if (!opened) return;
    emit('handshake', {
      connection,
      publicKey: hex(noise.publicKey),
      remotePublicKey: hex(noise.remotePublicKey),
      handshakeHash: hex(noise.handshakeHash),
    });
  });
  let reason = null;
  const failed = error => (reason ??= failure(error));
  noise.on('error', failed);
  stream.on('error', failed);
  socket.on('error', error => {
    failed(error);
    stream.destroy(error);
  });
  noise.on('close', () => {
    connections.delete(connection);
    socket.destroy();
    emit('closed', { connection, error: reason });
  });
  socket.on('close', () => stream.destroy());
  stream.pipe(socket).pipe(stream);
  for (const { core, attach } of cores.values()) if (attach) core.replicate(stream);
  return connection;
}

const commands = {
  /** `seed` of its identity, `pattern` of the handshake: as the package has them unless told. */
  listen: ({ port = 0, host = '127.0.0.1', ...identity }) =>
    new Promise((resolve, reject) => {
      const server = createServer({ noDelay: true }, socket => adopt(socket, false, identity));
      server.on('error', reject);
      server.listen(port, host, () => {
        emit('listening', { port: server.address().port });
        resolve({ port: server.address().port });
      });
    }),

  dial: ({ port, host = '127.0.0.1', ...identity }) =>
    new Promise((resolve, reject) => {
      const socket = createConnection({ port, host, noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => resolve({ connection: adopt(socket, true, identity) }));
    }),

  /** A writable core, with the key pair of the seed; `manifest` makes its key the hash of a manifest. */
  create: ({ core, seed, manifest = false, encryptionKey, attach = true }) => {
    const keyPair = crypto.keyPair(bytes(seed));
    return addCore(core, null, { keyPair, compat: !manifest, ...encryptedBy(encryptionKey) }, attach);
  },

  /** A core to read, by its key alone; `allowPush` takes blocks that it did not ask for (11 only), and tells of each. */
  open: async ({ core: name, key, encryptionKey, allowPush = false, attach = true }) => {
    const state = await addCore(name, bytes(key), { ...encryptedBy(encryptionKey), allowPush }, attach);
    if (allowPush) named(name).core.on('download', index => emit('download', { core: name, index }));
    return state;
  },

  /** Sends a block to all that allow it (11 only). */
  push: async ({ core, index }) => {
    await named(core).core.replicator.push(index);
    return {};
  },

  /** A core of several signers, by their public keys; the key pair of `seed` is one of them. */
  createShared: ({ core, seed, publicKeys, quorum, version = 1, allowPatch = false, attach = true }) => {
    const signers = publicKeys.map(key => ({ publicKey: bytes(key) }));
    const keyPair = seed === undefined ? undefined : crypto.keyPair(bytes(seed));
    return addCore(core, null, { manifest: { version, quorum, allowPatch, signers }, keyPair }, attach);
  },

  /** What this signer contributes to an append. With a draft, a core that has these blocks and more, it signs all of that. */
  sign: async ({ core: name, count, size, draft: draftName }) => {
    const { core } = named(name);
    const { verifier } = core.core;
    const batch = options.version === '10' ? core.core.tree.batch() : core.state.createTreeBatch();
    const draft = draftName === undefined ? null : named(draftName).core;
    const end = core.length + count;
    for (let n = core.length; n < (draft?.length ?? end); n++) batch.append(blockBytes(n, size));
    const signer = core.manifest.signers.findIndex(one => one.publicKey.equals(core.keyPair.publicKey));
    const signature = verifier.sign(batch, core.keyPair);
    const part =
      draft === null
        ? { signer, signature, patch: 0, nodes: null }
        : await multisig.partialSignature(
            options.version === '10' ? draft.core.tree : draft,
            signer,
            end,
            draft.length,
            signature,
          );
    return { signature: hex(verifier.assemble([part])) };
  },

  /** Appends with what several signers contributed. */
  appendSigned: async ({ core: name, count, size, signatures }) => {
    const { core } = named(name);
    const parts = signatures.flatMap(one => {
      const { proofs, patch } = multisig.inflate(bytes(one));
      return proofs.map(proof => ({ ...proof, nodes: proof.patch > 0 ? patch : null }));
    });
    const signature = multisig.assemble(parts);
    const blocks = Array.from({ length: count }, (_, n) => blockBytes(core.length + n, size));
    await core.append(blocks, { signature });
    return describe(core);
  },

  attach: ({ core, connection }) => {
    named(core).core.replicate(numbered(connection).stream);
    return {};
  },

  append: async ({ core: name, count, size, seed = 0 }) => {
    const { core } = named(name);
    for (let done = 0; done < count;) {
      const batch = [];
      const first = core.length;
      for (; batch.length < 1024 && done < count; done++)
        batch.push(blockBytes(first + batch.length, size, seed));
      await core.append(batch);
    }
    return describe(core);
  },

  update: async ({ core: name }) => {
    const { core } = named(name);
    const changed = await core.update({ wait: true });
    return { changed, ...describe(core) };
  },

  /** Cuts the core off, under a higher fork. */
  truncate: async ({ core: name, length }) => {
    const { core } = named(name);
    await core.truncate(length);
    return describe(core);
  },

  /** Forgets blocks [start, end). */
  clear: async ({ core: name, start, end }) => {
    const { core } = named(name);
    await core.clear(start, end);
    return describe(core);
  },

  /** Finds the block that holds a byte. */
  seek: async ({ core: name, byte }) => {
    const [index, offset] = await named(name).core.seek(byte);
    return { index, offset };
  },

  get: async ({ core: name, index, timeout = 0 }) => {
    const value = await named(name).core.get(index, { timeout });
    return { index, length: value.length, sha256: sha256(value) };
  },

  /** Downloads blocks [start, end) and reports each, in order, as a `block` event. */
  download: async ({ core: name, start = 0, end }) => {
    const { core } = named(name);
    const range = core.download({ start, end });
    await range.done();
    const whole = createHash('sha256');
    let byteLength = 0;
    for (let index = start; index < end; index++) {
      const value = await core.get(index, { wait: false });
      const digest = sha256(value);
      whole.update(digest);
      byteLength += value.length;
      if (end - start <= 64) emit('block', { core: name, index, length: value.length, sha256: digest });
    }
    return { count: end - start, byteLength, sha256: whole.digest('hex') };
  },

  has: async ({ core: name, index }) => ({ has: await named(name).core.has(index) }),

  extension: ({ core: name, extension }) => {
    const { core, extensions } = named(name);
    const registered = core.registerExtension(extension, {
      encoding: 'binary',
      onmessage: (message, peer) =>
        emit('extension', {
          core: name,
          extension,
          data: hex(message ?? []), // hypercore 10 reads an empty one as null
          remotePublicKey: hex(peer.remotePublicKey),
        }),
    });
    extensions.set(extension, registered);
    return {};
  },

  /** Sends on an extension to every peer of the core. */
  send: ({ core: name, extension, data }) => {
    named(name).extensions.get(extension).broadcast(bytes(data));
    return {};
  },

  info: ({ core }) => describe(named(core).core),

  peers: ({ core }) => ({
    peers: named(core).core.peers.map(peer => ({
      remotePublicKey: hex(peer.remotePublicKey),
      remoteLength: peer.remoteLength,
      remoteFork: peer.remoteFork,
      lengthAcked: peer.lengthAcked,
      remoteOpened: peer.remoteOpened,
    })),
  }),

  /** Closes the core, and with it its channel on every connection. */
  close: async ({ core: name }) => {
    const { core } = named(name);
    cores.delete(name);
    await core.close();
    rmSync(join(directory, name), { recursive: true, force: true });
    return {};
  },

  /** Stops reading from a connection; what it sends still leaves. */
  stopReading: ({ connection }) => {
    const { socket, stream } = numbered(connection);
    socket.unpipe(stream);
    return {};
  },

  /** Reads on. */
  readOn: ({ connection }) => {
    const { socket, stream } = numbered(connection);
    socket.pipe(stream);
    return {};
  },

  /** Bytes that the system has taken from a connection, and given to it. */
  traffic: ({ connection }) => {
    const { bytesRead, bytesWritten, writableLength } = numbered(connection).socket;
    return { received: bytesRead, sent: bytesWritten - writableLength };
  },

  /** Ends a connection in order. */
  end: ({ connection }) => {
    numbered(connection).noise.end();
    return {};
  },

  /** Cuts a connection off. */
  destroy: ({ connection }) => {
    numbered(connection).socket.resetAndDestroy();
    return {};
  },
};

async function obey(line) {
  const { id, do: name, ...facts } = JSON.parse(line);
  try {
    if (!Object.hasOwn(commands, name)) throw new Error(`unknown command ${name}`);
    write({ id, ok: true, ...(await commands[name](facts)) });
  } catch (error) {
    write({ id, error: failure(error) });
  }
}

const lines = createInterface({ input: process.stdin });
lines.on('line', line => void obey(line));
lines.on('close', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
process.on('uncaughtException', error => {
  emit('crash', { error: failure(error) });
  console.error(error);
  process.exit(1);
});

emit('ready', { version: options.version });
if (options.role === 'listen') await commands.listen({ port: Number(options.port), host: options.host });
if (options.role === 'dial') await commands.dial({ port: Number(options.port), host: options.host });
