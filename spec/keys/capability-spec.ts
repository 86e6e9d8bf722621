import { portableCrypto as crypto } from '../../lib/crypto/portable/portable.js';
import { replicationCapability } from '../../lib/keys/capability.js';
import { namespace, type NamespaceName } from '../../lib/keys/namespace.js';
import { streamId } from '../../lib/keys/streamId.js';
import { ascii, fill, hex, unhex } from '../helpers/bytes.js';
import vectors from '../vectors/keys.json' with { type: 'json' };

interface ProofVectors {
  namespaces: { name: string; ids: string[] }[];
  capabilities: { isInitiator: boolean; key: string; handshakeHash: string; capability: string }[];
  streamIds: { isInitiator: boolean; handshakeHash: string; id: string }[];
}

const { namespaces, capabilities, streamIds } = vectors as ProofVectors;

const written: Record<NamespaceName, [name: string, id: number]> = {
  secretStreamInitiator: ['hyperswarm/secret-stream', 0],
  secretStreamResponder: ['hyperswarm/secret-stream', 1],
  tree: ['hypercore', 0],
  replicateInitiator: ['hypercore', 1],
  replicateResponder: ['hypercore', 2],
  manifest: ['hypercore', 3],
  defaultSigner: ['hypercore', 4],
};

describe('keys: what proves the handshake', () => {
  for (const [key, [name, id]] of Object.entries(written) as [NamespaceName, [string, number]][]) {
    it(`has the namespace ${key} written out as it is computed`, () => {
      const computed = crypto.hash(32, [crypto.hash(32, [ascii(name)]), Uint8Array.of(id)]);
      expect(hex(namespace(key))).toBe(hex(computed));
      expect(namespaces.find(entry => entry.name === name)?.ids[id]).toBe(hex(computed));
    });
  }

  it('gives a namespace as a fresh array', () => {
    namespace('replicateInitiator').fill(0);
    expect(hex(namespace('replicateInitiator'))).not.toBe('00'.repeat(32));
  });

  it('gives the capabilities of hypercore, which differ by role', () => {
    for (const { isInitiator, key, handshakeHash, capability } of capabilities) {
      const input = { isInitiator, key: unhex(key), handshakeHash: unhex(handshakeHash) };
      expect(hex(replicationCapability(crypto, input))).toBe(capability);
      expect(hex(replicationCapability(crypto, { ...input, isInitiator: !isInitiator }))).not.toBe(
        capability,
      );
    }
  });

  it('gives the stream ids of secret streams, which differ by role', () => {
    for (const { isInitiator, handshakeHash, id } of streamIds) {
      const input = { isInitiator, handshakeHash: unhex(handshakeHash) };
      expect(hex(streamId(crypto, input))).toBe(id);
      expect(hex(streamId(crypto, { ...input, isInitiator: !isInitiator }))).not.toBe(id);
    }
  });

  it('throws for hashes and keys of another length', () => {
    const [handshakeHash, key] = [fill(64, 1), fill(32, 2)];
    for (const wrong of [fill(0, 1), fill(32, 1), fill(63, 1), fill(65, 1)]) {
      expect(() => streamId(crypto, { isInitiator: true, handshakeHash: wrong })).toThrowError(RangeError);
      expect(() =>
        replicationCapability(crypto, { isInitiator: true, key, handshakeHash: wrong }),
      ).toThrowError(RangeError);
    }
    for (const wrong of [fill(0, 1), fill(31, 1), fill(33, 1), fill(64, 1)]) {
      expect(() =>
        replicationCapability(crypto, { isInitiator: true, key: wrong, handshakeHash }),
      ).toThrowError(RangeError);
    }
    const words = 'text' as unknown as Uint8Array;
    expect(() => streamId(crypto, { isInitiator: true, handshakeHash: words })).toThrowError(TypeError);
    expect(() =>
      replicationCapability(crypto, { isInitiator: true, key: words, handshakeHash }),
    ).toThrowError(TypeError);
  });
});
