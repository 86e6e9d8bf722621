const pairsOfDigits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Bytes as lower-case hex, the notation of the vectors. */
export function hex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += pairsOfDigits[byte];
  return text;
}

/** The reverse of {@link hex}; white space is allowed, anything else is an error. */
export function unhex(text: string): Uint8Array {
  const digits = text.replace(/\s+/g, '');
  if (digits.length % 2 !== 0 || /[^0-9a-f]/.test(digits)) throw new Error(`not hex: ${text.slice(0, 20)}`);
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** A byte string given by rule, as the vectors' README defines it. */
export type ByteRule =
  { rule: 'affine'; a: number; b: number; length: number } | { rule: 'fill'; byte: number; length: number };

export function bytesOfRule(rule: ByteRule): Uint8Array {
  const bytes = new Uint8Array(rule.length);
  if (rule.rule === 'fill') return bytes.fill(rule.byte);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * rule.a + rule.b) % 256;
  return bytes;
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

export const fill = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);

export const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
