import type { Message, TreeNode } from 'rx-hypercore';
import { count, shortHex, size } from '../shell/format.js';
import type { Field, Kind } from './WireEntry.js';

const kindOf: Readonly<Record<Message['type'], Kind>> = {
  synchronize: 'state',
  request: 'request',
  cancel: 'request',
  data: 'data',
  noData: 'data',
  want: 'state',
  unwant: 'state',
  bitfield: 'state',
  range: 'state',
  extension: 'extension',
};

/** What a message says: its kind, a few words, and its fields as text, so that none of its bytes are kept. */
export function describeMessage(message: Message): { kind: Kind; summary: string; fields: Field[] } {
  const fields: Field[] = [];
  for (const [name, value] of Object.entries(message)) if (name !== 'type') add(fields, name, value);
  return { kind: kindOf[message.type], summary: summaryOf(message), fields };
}

function summaryOf(message: Message): string {
  switch (message.type) {
    case 'synchronize':
      return `length ${count(message.length)}, fork ${message.fork}`;
    case 'request':
      return [
        message.block && `block ${count(message.block.index)}`,
        message.hash && `hash of node ${count(message.hash.index)}`,
        message.seek && `byte ${count(message.seek.bytes)}`,
        message.upgrade && `upgrade ${range(message.upgrade)}`,
      ]
        .filter(Boolean)
        .join(', ');
    case 'data':
      return [
        message.block && `block ${count(message.block.index)}, ${size(message.block.value.length)}`,
        message.hash && `hash of node ${count(message.hash.index)}`,
        message.upgrade && `signed upgrade ${range(message.upgrade)}`,
      ]
        .filter(Boolean)
        .join(', ');
    case 'cancel':
    case 'noData':
      return `request ${message.request}`;
    case 'bitfield':
      return `${count(message.bitfield.length * 32)} blocks from ${count(message.start)}`;
    case 'extension':
      return `${message.name}, ${size(message.payload.length)}`;
    default:
      return range(message);
  }
}

function range({ start, length }: { readonly start: number; readonly length: number }): string {
  return length === 1 ? `block ${count(start)}` : `${count(start)} to ${count(start + length - 1)}`;
}

function add(fields: Field[], name: string, value: unknown): void {
  if (value === null || value === undefined) return;
  if (value instanceof Uint8Array) fields.push({ name, value: bytesAsText(name, value) });
  else if (value instanceof Uint32Array) fields.push({ name, value: `${value.length} words of 32 blocks` });
  else if (Array.isArray(value)) fields.push({ name, value: listAsText(value) });
  else if (typeof value === 'object') {
    for (const [inner, part] of Object.entries(value)) add(fields, `${name}.${inner}`, part);
  } else fields.push({ name, value: JSON.stringify(value) });
}

/** Blocks and extension messages of this demo are text; anything else is shown as its first bytes. */
function bytesAsText(name: string, bytes: Uint8Array): string {
  if (!name.endsWith('value') && name !== 'payload') return `${shortHex(bytes, 12)} (${bytes.length} bytes)`;
  const text = new TextDecoder().decode(bytes.subarray(0, 400));
  return bytes.length > 400 ? `${text}…` : text;
}

function listAsText(list: readonly unknown[]): string {
  if (list.length === 0) return 'none';
  const nodes = list.slice(0, 6).map(one => {
    const node = one as Partial<TreeNode>;
    return node.hash instanceof Uint8Array ? `#${node.index} ${shortHex(node.hash, 3)}` : '…';
  });
  return `${list.length}: ${nodes.join(', ')}${list.length > 6 ? ', …' : ''}`;
}
