import nacl from 'tweetnacl';

/** An element of the field of 2^255 − 19, as tweetnacl holds it: sixteen limbs of sixteen bits. @internal */
export type FieldElement = Float64Array;

/** A point of the curve in extended coordinates: X, Y, Z, T. @internal */
export type Point = [FieldElement, FieldElement, FieldElement, FieldElement];

/** What tweetnacl exports below its documented functions, as far as it is used here. */
interface LowLevel {
  readonly D: FieldElement;
  readonly L: Float64Array;
  readonly gf: (limbs?: readonly number[]) => FieldElement;
  readonly A: (out: FieldElement, a: FieldElement, b: FieldElement) => void;
  readonly Z: (out: FieldElement, a: FieldElement, b: FieldElement) => void;
  readonly M: (out: FieldElement, a: FieldElement, b: FieldElement) => void;
  readonly S: (out: FieldElement, a: FieldElement) => void;
  readonly pow2523: (out: FieldElement, a: FieldElement) => void;
  readonly pack25519: (out: Uint8Array, a: FieldElement) => void;
  readonly unpack25519: (out: FieldElement, bytes: Uint8Array) => void;
  readonly scalarmult: (out: Point, point: Point, scalar: ArrayLike<number>) => void;
}

/** The field and point arithmetic that tweetnacl's own functions are made of. @internal */
export function lowLevel(): LowLevel {
  return (nacl as unknown as { readonly lowlevel: LowLevel }).lowlevel;
}

/** A square root of −1: 2^((p − 1) / 4), in limbs. */
const squareRootOfMinusOne = [
  0xa0b0, 0x4a0e, 0x1b27, 0xc4ee, 0xe478, 0xad2f, 0x1806, 0x2f43, 0xd7a7, 0x3dfb, 0x0099, 0x2b4d, 0xdf0b,
  0x4fc1, 0x2480, 0x2b83,
] as const;

/**
 * Whether the y coordinate of an encoded point is below p = 2^255 − 19. libsodium refuses the others
 * (`ge25519_is_canonical`), tweetnacl reduces them. Points are public, so this need not be constant time.
 *
 * @internal
 */
export function isCanonical(encoded: Uint8Array): boolean {
  if ((encoded[31] & 0x7f) !== 0x7f) return true;
  for (let i = 30; i > 0; i--) if (encoded[i] !== 0xff) return true;
  return encoded[0] < 0xed;
}

/**
 * Decodes a point (RFC 8032 §5.1.3): x = sqrt((y² − 1) / (d·y² + 1)) with the given sign.
 *
 * @returns null if it is not canonical or no such x exists. A zero x with the sign bit set passes, as in libsodium;
 * the two points this concerns are of small order and are refused for that.
 * @internal
 */
export function decodePoint(encoded: Uint8Array): Point | null {
  if (!isCanonical(encoded)) return null;
  const { D, gf, A, Z, M, S, pow2523, unpack25519 } = lowLevel();
  const one = gf([1]);
  const x = gf();
  const y = gf();
  unpack25519(y, encoded);

  const numerator = gf();
  const denominator = gf();
  S(numerator, y);
  M(denominator, numerator, D);
  Z(numerator, numerator, one);
  A(denominator, denominator, one);

  // x = n·d³·(n·d⁷)^((p − 5) / 8), which is a root of n/d or of −n/d.
  const cube = gf();
  const power = gf();
  S(cube, denominator);
  M(cube, cube, denominator);
  S(power, cube);
  M(power, power, denominator);
  M(power, power, numerator);
  pow2523(power, power);
  M(x, numerator, cube);
  M(x, x, power);

  const check = gf();
  S(check, x);
  M(check, check, denominator);
  if (!sameElement(check, numerator)) {
    M(x, x, gf(squareRootOfMinusOne));
    S(check, x);
    M(check, check, denominator);
    if (!sameElement(check, numerator)) return null;
  }
  if (isOdd(x) !== encoded[31] >> 7) Z(x, gf(), x);

  const t = gf();
  M(t, x, y);
  return [x, y, one, t];
}

/** Encodes a point (RFC 8032 §5.1.2): y, and the parity of x in the highest bit. @internal */
export function encodePoint(point: Point): Uint8Array {
  const { gf, M, pack25519 } = lowLevel();
  const inverse = invert(point[2]);
  const x = gf();
  const y = gf();
  M(x, point[0], inverse);
  M(y, point[1], inverse);
  const encoded = new Uint8Array(32);
  pack25519(encoded, y);
  encoded[31] ^= isOdd(x) << 7;
  wipePoint([inverse, x, y]);
  return encoded;
}

/** `scalar` (32 bytes, little endian, not clamped) times a point, in constant time. The point is only read. @internal */
export function multiply(scalar: ArrayLike<number>, point: Point): Point {
  const { gf, scalarmult } = lowLevel();
  const product: Point = [gf(), gf(), gf(), gf()];
  const used: Point = [point[0].slice(), point[1].slice(), point[2].slice(), point[3].slice()];
  scalarmult(product, used, scalar);
  wipePoint(used);
  return product;
}

/** Whether a point is the neutral element (0, 1). @internal */
export function isIdentity(point: Point): boolean {
  return sameElement(point[0], lowLevel().gf()) && sameElement(point[1], point[2]);
}

/** Whether the order of a point divides the prime L; true for the neutral element too. @internal */
export function isTorsionFree(point: Point): boolean {
  return isIdentity(multiply(lowLevel().L, point));
}

/** Overwrites coordinates with zeros. @internal */
export function wipePoint(coordinates: readonly FieldElement[]): void {
  for (const coordinate of coordinates) coordinate.fill(0);
}

function invert(z: FieldElement): FieldElement {
  // z^(p − 2), with p − 2 = 8·(2^252 − 3) + 3.
  const { gf, M, S, pow2523 } = lowLevel();
  const out = gf();
  pow2523(out, z);
  for (let i = 0; i < 3; i++) S(out, out);
  const cube = gf();
  S(cube, z);
  M(cube, cube, z);
  M(out, out, cube);
  return out;
}

function sameElement(a: FieldElement, b: FieldElement): boolean {
  const { pack25519 } = lowLevel();
  const packedA = new Uint8Array(32);
  const packedB = new Uint8Array(32);
  pack25519(packedA, a);
  pack25519(packedB, b);
  return nacl.verify(packedA, packedB);
}

function isOdd(a: FieldElement): number {
  const packed = new Uint8Array(32);
  lowLevel().pack25519(packed, a);
  return packed[0] & 1;
}
