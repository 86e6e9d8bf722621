import type { RemoteChannel } from './RemoteTable.js';

/**
 * What both sides have under one protocol name and id: channels are matched by that pair (Protomux).
 *
 * @internal
 */
export class ChannelKey {
  /** Local channels whose open was sent and that are not closed. */
  opened = 0;
  /** Own ids whose open the remote has not answered, oldest first. Their channels may be closed by now. */
  readonly outgoing: number[] = [];
  /** Opens of the remote that no local channel has taken, oldest first. */
  parked: Set<RemoteChannel> | null = null;
  /** Ids the remote opened and closed before it had an answer; it keeps them reserved until it gets one. */
  owed: Set<number> | null = null;
  /** Pair requests that are not settled. */
  pairing = 0;
  aliases: string[] | null = null;

  constructor(readonly name: string) {}

  get unused(): boolean {
    return this.opened === 0 && this.outgoing.length === 0 && !this.parked?.size && !this.owed?.size;
  }
}

/** How many bytes are turned into characters at once; a call takes only so many arguments. */
const PIECE = 4096;

/**
 * One name for a protocol and an id; absent and empty id are the same. A character for each byte of the id, behind their
 * number, is unambiguous, and as short as it can be: an id may be as long as a payload, and whoever sends it chooses.
 *
 * @internal
 */
export function keyName(protocol: string, id: Uint8Array | null): string {
  if (id === null || id.length === 0) return `0:${protocol}`;
  let name = `${id.length}:`;
  for (let at = 0; at < id.length; at += PIECE) name += characters(id.subarray(at, at + PIECE));
  return name + protocol;
}

/** To spread an array of bytes takes six times as long. */
const characters = (bytes: Uint8Array): string =>
  String.fromCharCode.apply(null, bytes as unknown as number[]);

/** The keys in use, by name and by the aliases of channels that are open here. @internal */
export class ChannelKeys {
  private byName: Map<string, ChannelKey> | null = null;
  private byAlias: Map<string, ChannelKey> | null = null;

  get(name: string): ChannelKey | undefined {
    return this.byName?.get(name);
  }

  obtain(name: string): ChannelKey {
    this.byName ??= new Map();
    let key = this.byName.get(name);
    if (key === undefined) this.byName.set(name, (key = new ChannelKey(name)));
    return key;
  }

  /** Opens by the remote under `alias` find the channels of `key` from now on. */
  addAlias(key: ChannelKey, alias: string): void {
    this.byAlias ??= new Map();
    if (this.byAlias.get(alias) === key) return;
    this.byAlias.set(alias, key);
    // Nearly always the only one, and an array that grows takes room for sixteen more.
    if (key.aliases === null) key.aliases = [alias];
    else key.aliases.push(alias);
  }

  /** Whether a local channel is open under the name or under an alias of that name. */
  opened(name: string): boolean {
    return (this.byName?.get(name)?.opened ?? 0) > 0 || (this.byAlias?.get(name)?.opened ?? 0) > 0;
  }

  /** The key whose oldest unanswered open an open of that name answers. */
  awaiting(name: string): ChannelKey | undefined {
    const key = this.byName?.get(name);
    if (key !== undefined && key.outgoing.length > 0) return key;
    const other = this.byAlias?.get(name);
    return other !== undefined && other.outgoing.length > 0 ? other : undefined;
  }

  /** Forgets the key if nothing is left of it. */
  collect(key: ChannelKey): void {
    if (!key.unused) return;
    if (this.byName?.get(key.name) === key) this.byName.delete(key.name);
    for (const alias of key.aliases ?? []) if (this.byAlias?.get(alias) === key) this.byAlias.delete(alias);
    key.aliases = null;
  }

  clear(): void {
    this.byName = null;
    this.byAlias = null;
  }
}
