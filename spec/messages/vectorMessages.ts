import type { Message, MessageType } from '../../lib/messages/Message.js';
import type { Manifest } from '../../lib/messages/manifest.js';
import { bytesOfRule, type ByteRule, unhex } from '../helpers/bytes.js';

/** What hypercore calls the message that is `synchronize` here; all other names are the same. */
export const typeOf = (name: string): MessageType =>
  name === 'sync' ? 'synchronize' : (name as MessageType);

interface NodeJson {
  index: number;
  size: number;
  hash: string;
}

/** A value of the vectors' files, bytes as hex. */
export interface ValueJson {
  [field: string]: unknown;
  block?: { index: number; nodes: number | NodeJson[]; value?: string | null | object } | null;
  hash?: { index: number; nodes: number | NodeJson[] } | null;
  seek?: { bytes: number; padding?: number; nodes?: NodeJson[] } | null;
  upgrade?: {
    start: number;
    length: number;
    nodes?: NodeJson[];
    additionalNodes?: NodeJson[];
    signature?: string | null;
  } | null;
  manifest?: ManifestJson | boolean | null;
}

export interface ManifestJson {
  version: number;
  hash: 'blake2b';
  allowPatch: boolean;
  quorum: number;
  signers: { signature: 'ed25519'; namespace: string; publicKey: string }[];
  prologue: { hash: string; length: number } | null;
  /** Both unknown to hypercore 10. */
  linked?: string[] | null;
  userData?: string | null;
}

const nodesOf = (nodes: NodeJson[]): object[] => nodes.map(node => ({ ...node, hash: unhex(node.hash) }));

export function manifestOf(json: ManifestJson): Manifest {
  return {
    ...json,
    signers: json.signers.map(signer => ({
      ...signer,
      namespace: unhex(signer.namespace),
      publicKey: unhex(signer.publicKey),
    })),
    prologue: json.prologue && { ...json.prologue, hash: unhex(json.prologue.hash) },
    linked: json.linked?.map(unhex) ?? null,
    userData: typeof json.userData === 'string' ? unhex(json.userData) : null,
  };
}

function dataOf(json: ValueJson, rule: ByteRule | undefined): object {
  const { block, hash, seek, upgrade, manifest } = json;
  return {
    block: block && {
      index: block.index,
      // Hypercore 10 reads no bytes as null.
      value: rule ? bytesOfRule(rule) : unhex((block.value as string | null) ?? ''),
      nodes: nodesOf(block.nodes as NodeJson[]),
    },
    hash: hash && { index: hash.index, nodes: nodesOf(hash.nodes as NodeJson[]) },
    seek: seek && { bytes: seek.bytes, nodes: nodesOf(seek.nodes!) },
    upgrade: upgrade && {
      ...upgrade,
      nodes: nodesOf(upgrade.nodes!),
      additionalNodes: nodesOf(upgrade.additionalNodes!),
      signature: typeof upgrade.signature === 'string' ? unhex(upgrade.signature) : null,
    },
    manifest: manifest && manifestOf(manifest as ManifestJson),
  };
}

/** The message that a value of the vectors stands for; what the file's version does not know is left out of it. */
export function messageOf(name: string, json: ValueJson, rule?: ByteRule): Message {
  const type = typeOf(name);
  const fields: Record<string, unknown> = { ...json };
  if (type === 'synchronize') fields['allowPush'] ??= false;
  if (type === 'want' || type === 'unwant') fields['any'] ??= false;
  if (type === 'noData') fields['reason'] ??= null;
  if (type === 'bitfield') fields['bitfield'] = Uint32Array.from(json['bitfield'] as number[]);
  if (type === 'data') Object.assign(fields, dataOf(json, rule));
  if (type === 'extension') {
    fields['payload'] = unhex(json['message'] as string);
    delete fields['message'];
  }
  return { type, ...fields } as Message;
}
