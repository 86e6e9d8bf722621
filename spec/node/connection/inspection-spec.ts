import { inspect } from 'node:util';
import { bestCrypto } from '../../../lib/crypto/bestCryptoInNode.js';
import type { CryptoBackend } from '../../../lib/crypto/CryptoBackend.js';
import { libsodiumCrypto } from '../../../lib/crypto/libsodium/libsodium.js';
import { portableCrypto } from '../../../lib/crypto/portable/portable.js';
import { sodiumNativeCrypto } from '../../../lib/crypto/sodiumNative/sodiumNative.js';
import { keyPairFromSeed } from '../../../lib/keys/keyPair.js';
import { fill } from '../../helpers/bytes.js';
import { findBytes } from '../../connection/findBytes.js';
import { protocolPair, until } from '../../connection/pair.js';
import { recordingBackend } from '../../connection/RecordingBackend.js';

const coreKey = fill(32, 0).map((_, i) => 5 * i + 11);
const backends: Record<string, () => Promise<CryptoBackend> | CryptoBackend> = {
  portable: () => portableCrypto,
  libsodium: () => libsodiumCrypto(),
  'sodium-native': () => sodiumNativeCrypto(),
  best: () => bestCrypto(),
};

/** Whether a text shows the bytes in any of the notations that inspection and JSON have. */
function shows(text: string, bytes: Uint8Array): boolean {
  const flat = text.replace(/\s+/g, '');
  const hex = Buffer.from(bytes).toString('hex');
  const numbers = [...bytes];
  return [
    hex,
    hex.toUpperCase(),
    numbers.join(','),
    numbers.map((byte, i) => `"${i}":${byte}`).join(','),
    // Without padding, which loggers leave away, and in both alphabets.
    Buffer.from(bytes).toString('base64').replace(/=+$/, ''),
    Buffer.from(bytes).toString('base64url'),
  ].some(notation => flat.includes(notation));
}

const json = (value: unknown): string => {
  try {
    // The memory of WASM would take a minute to write; `findBytes` looks into it.
    return (
      JSON.stringify(value, (_, held: unknown) =>
        ArrayBuffer.isView(held) && held.byteLength > 0x10000 ? null : held,
      ) ?? ''
    );
  } catch {
    return ''; // circular: nothing came out
  }
};

describe('inspection in Node', () => {
  it('would show the bytes it looks for', () => {
    expect(shows(inspect({ key: coreKey }, { maxArrayLength: null }), coreKey)).toBeTrue();
    expect(shows(JSON.stringify({ key: coreKey }), coreKey)).toBeTrue();
    expect(shows(coreKey.toString(), coreKey)).toBeTrue();
  });

  for (const [name, load] of Object.entries(backends)) {
    it(`shows no key of a protocol, its channels, events and errors (${name})`, async () => {
      const backend = await load();
      const { crypto, secrets } = recordingBackend(backend);
      const keyPair = keyPairFromSeed(crypto, fill(32, 9));
      const { a, b, subscription } = protocolPair({ crypto, keyPair }, { crypto });
      const events: unknown[] = [];
      for (const protocol of [a, b])
        protocol.events.subscribe({ next: event => events.push(event), error: error => events.push(error) });
      const channels = [a.open(coreKey), b.open(coreKey)];
      for (const channel of channels) channel.subscribe({ error: error => events.push(error) });
      await until(() => channels.every(channel => channel.isOpen));
      secrets.set('key of the core', coreKey);
      const streams = [...secrets.values()]
        .slice(0, 2)
        .map(key => [backend.secretStreamPush(key, fill(24, 1)), backend.secretStreamPull(key, fill(24, 1))]);
      const things = { a, b, channels, events, subscription, streams };
      const texts: string[] = [];
      const print = (): void => {
        for (const thing of Object.values(things)) {
          // As far as loggers go; `findBytes` looks further, at hidden properties, and into longer arrays.
          texts.push(inspect(thing, { depth: 5 }), json(thing));
        }
      };
      print(); // while it lives
      expect(findBytes(things, secrets)).toEqual([]);
      a.destroy(new Error('enough'));
      await until(() => events.some(event => event instanceof Error));
      for (const event of events) {
        if (event instanceof Error) texts.push(event.stack ?? '', String(event), event.message);
      }
      print();
      for (const [secret, bytes] of secrets) {
        if (secret.startsWith('ratchet')) continue; // it is XORed at once with what differs by backend
        expect(texts.some(text => shows(text, bytes)))
          .withContext(secret)
          .toBeFalse();
      }
      expect(findBytes(things, secrets)).toEqual([]);
      subscription.unsubscribe();
    });
  }
});
