/**
 * Where the bytes can be found from a value by looking at its properties, as loggers and debuggers do: own ones, whether
 * enumerable or not, of everything it leads to; the whole memory behind a view counts. Empty if nowhere.
 */
export function findBytes(root: unknown, secrets: ReadonlyMap<string, Uint8Array>): string[] {
  const found: string[] = [];
  const seen = new Set<object>();
  const queue: [string, unknown][] = [['', root]];
  for (let entry = queue.pop(); entry !== undefined; entry = queue.pop()) {
    const [path, value] = entry;
    if (typeof value === 'string') {
      for (const [name, bytes] of secrets) if (value.includes(hexOf(bytes))) found.push(`${name} at ${path}`);
      continue;
    }
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value))
      continue;
    seen.add(value);
    if (ArrayBuffer.isView(value)) {
      if (seen.has(value.buffer)) continue;
      seen.add(value.buffer);
      const memory = new Uint8Array(value.buffer);
      for (const [name, bytes] of secrets) if (holds(memory, bytes)) found.push(`${name} at ${path}`);
      continue;
    }
    if (value instanceof Map || value instanceof Set) {
      for (const one of value.entries()) queue.push([`${path}[]`, one]);
    }
    for (const key of Reflect.ownKeys(value)) {
      const property = Reflect.getOwnPropertyDescriptor(value, key);
      if (property !== undefined && 'value' in property)
        queue.push([`${path}.${String(key)}`, property.value]);
    }
  }
  return found;
}

function hexOf(bytes: Uint8Array): string {
  return [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join('');
}

function holds(memory: Uint8Array, bytes: Uint8Array): boolean {
  for (let at = memory.indexOf(bytes[0]); at !== -1; at = memory.indexOf(bytes[0], at + 1)) {
    let same = 0;
    while (same < bytes.length && memory[at + same] === bytes[same]) same++;
    if (same === bytes.length) return true;
  }
  return false;
}
