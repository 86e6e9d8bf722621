import type { Dice } from './Dice.js';

/** Where codecs change their minds: borders of the integer's forms, of signs, of limits. */
const borders = [
  0,
  1,
  2,
  31,
  32,
  33,
  64,
  0x7f,
  0x80,
  0xfb,
  0xfc,
  0xfd,
  0xfe,
  0xff,
  0x100,
  1023,
  1024,
  1025,
  0x7fff,
  0xfffe,
  0xffff,
  0x10000,
  0x10001,
  0xfffff,
  0x100000,
  0x100001,
  0x7fffffff,
  0x80000000,
  0xffffffff,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 60,
];

/** An integer as compact-encoding writes it, now and then in a form that is longer than needed, or too short for it. */
export function drawUint(dice: Dice): Uint8Array {
  const value = dice.chance(0.5) ? dice.pick(borders) : dice.integer(0, 300);
  const needed = value <= 0xfc ? 1 : value <= 0xffff ? 3 : value <= 0xffffffff ? 5 : 9;
  const width = dice.chance(0.85) ? needed : dice.pick([1, 3, 5, 9]);
  const bytes = new Uint8Array(width);
  if (width === 1) bytes[0] = value;
  else {
    bytes[0] = width === 3 ? 0xfd : width === 5 ? 0xfe : 0xff;
    for (let i = 1, rest = value; i < width; i++, rest = Math.floor(rest / 256)) bytes[i] = rest % 256;
  }
  return bytes;
}

/** How many bytes the integer at `at` takes, as far as they are there. */
function uintWidth(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  const width = first <= 0xfc ? 1 : first === 0xfd ? 3 : first === 0xfe ? 5 : 9;
  return Math.min(width, bytes.length - at);
}

function replace(bytes: Uint8Array, at: number, length: number, by: Uint8Array): Uint8Array {
  const changed = new Uint8Array(bytes.length - length + by.length);
  changed.set(bytes.subarray(0, at));
  changed.set(by, at);
  changed.set(bytes.subarray(at + length), at + by.length);
  return changed;
}

const nothing = new Uint8Array(0);

/** The most bytes a mutation may lead to, so that a chain of them stays small. */
const LONGEST = 4096;

/** One change. Mostly near the start, where flags, counts and lengths are. */
function change(dice: Dice, bytes: Uint8Array, corpus: readonly Uint8Array[]): Uint8Array {
  const { length } = bytes;
  if (length === 0) return drawUint(dice);
  const at = dice.integer(0, dice.chance(0.6) ? Math.min(length - 1, 8) : length - 1);
  switch (dice.integer(0, 10)) {
    case 0: {
      const copy = bytes.slice();
      copy[at] ^= 1 << dice.integer(0, 7);
      return copy;
    }
    case 1: {
      const copy = bytes.slice();
      copy[at] = dice.chance(0.4) ? dice.pick([0, 0xfc, 0xfd, 0xfe, 0xff]) : dice.integer(0, 255);
      return copy;
    }
    case 2: {
      // A count or a length that is off by one.
      const copy = bytes.slice();
      copy[at] += dice.chance(0.5) ? 1 : 255;
      return copy;
    }
    case 3:
      return bytes.slice(0, at);
    case 4:
      return replace(bytes, at, uintWidth(bytes, at), drawUint(dice));
    case 5:
      return replace(bytes, at, 0, drawUint(dice));
    case 6:
      return replace(bytes, at, dice.integer(1, Math.min(40, length - at)), nothing);
    case 7:
      return replace(bytes, length, 0, dice.bytes(dice.integer(1, 8)));
    case 8: {
      // The same again: lists with more items than they announce.
      const part = bytes.slice(at, at + dice.integer(1, 70));
      return replace(bytes, at, 0, part);
    }
    case 9: {
      const other = dice.pick(corpus);
      const from = dice.integer(0, other.length);
      return replace(bytes, at, length - at, other.subarray(from));
    }
    default: {
      const copy = bytes.slice();
      const end = Math.min(length, at + dice.integer(1, 9));
      for (let i = at; i < end; i++) copy[i] = dice.integer(0, 255);
      return copy;
    }
  }
}

/** An input from the corpus with a few changes; now and then as it is, now and then noise. */
export function mutate(dice: Dice, corpus: readonly Uint8Array[]): Uint8Array {
  const kind = dice.next();
  if (kind < 0.04) return dice.bytes(dice.integer(0, 64));
  let bytes = dice.pick(corpus);
  if (kind < 0.08) return bytes.slice();
  const changes = dice.chance(0.6) ? 1 : dice.integer(2, 5);
  for (let i = 0; i < changes; i++) bytes = change(dice, bytes, corpus);
  return bytes.length > LONGEST ? bytes.slice(0, LONGEST) : bytes;
}
