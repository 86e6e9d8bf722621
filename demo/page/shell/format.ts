/** Bytes as hex, shortened to its first bytes. */
export function shortHex(bytes: Uint8Array, length = 4): string {
  const text = Array.from(bytes.subarray(0, length), byte => byte.toString(16).padStart(2, '0')).join('');
  return bytes.length > length ? `${text}…` : text;
}

/** A count with separators for thousands. */
export function count(value: number): string {
  return value.toLocaleString('en');
}

/** A size in the unit that fits. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(bytes < 10_000 ? 1 : 0)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
