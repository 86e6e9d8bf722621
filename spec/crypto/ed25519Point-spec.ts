import {
  decodePoint,
  encodePoint,
  isCanonical,
  isIdentity,
  isTorsionFree,
  multiply,
} from '../../lib/crypto/portable/ed25519Point.js';
import { hex, unhex } from '../helpers/bytes.js';
import vectors from '../vectors/ed25519-dh.json' with { type: 'json' };

const { points, valid } = vectors as {
  points: { cases: { what: string; publicKey: string }[] };
  valid: { publicB: string }[];
};

const scalar = (value: number): Uint8Array =>
  Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? value : 0));

describe('points of the Ed25519 curve', () => {
  for (const { what, publicKey } of points.cases.filter(({ what }) => what.startsWith('not canonical'))) {
    it(`are not decoded when they are not canonical: ${what}`, () => {
      expect(isCanonical(unhex(publicKey))).toBe(false);
      expect(decodePoint(unhex(publicKey))).toBeNull();
    });
  }

  it('are not decoded when no x belongs to y', () => {
    // RFC 8032 §5.1.3: x² = (y² − 1) / (d·y² + 1) has no root for about every second y.
    const offCurve = points.cases.filter(({ what }) => what.startsWith('not on the curve'));
    expect(offCurve.length).toBeGreaterThan(0);
    for (const { publicKey } of offCurve) {
      expect(isCanonical(unhex(publicKey))).toBe(true);
      expect(decodePoint(unhex(publicKey))).toBeNull();
    }
  });

  it('are canonical from y = 0 to y = p - 1', () => {
    for (const last of ['7f', 'ff']) {
      expect(isCanonical(unhex('ec' + 'ff'.repeat(30) + last))).toBe(true);
      expect(isCanonical(unhex('ed' + 'ff'.repeat(30) + last))).toBe(false);
      for (let i = 1; i < 31; i++) {
        const below = unhex('ff'.repeat(31) + last);
        below[i] = 0xfe;
        expect(isCanonical(below)).toBe(true);
      }
    }
    expect(isCanonical(unhex('ff'.repeat(31) + '7e'))).toBe(true);
    expect(isCanonical(unhex('00'.repeat(32)))).toBe(true);
  });

  it('are encoded as they were decoded, with the sign of x', () => {
    for (const { publicB } of valid) {
      for (const sign of [0, 0x80]) {
        const encoded = unhex(publicB);
        encoded[31] ^= sign;
        const point = decodePoint(encoded);
        expect(point === null ? null : hex(encodePoint(point))).toBe(hex(encoded));
      }
    }
  });

  it('have the order that is theirs', () => {
    const orders = [1, 8, 4, 8, 2, 8, 4, 8];
    orders.forEach((order, n) => {
      const { publicKey } = points.cases[n];
      const point = decodePoint(unhex(publicKey));
      if (point === null) return fail(publicKey);
      expect(isTorsionFree(point)).toBe(order === 1);
      for (let times = 1; times <= 8; times++) {
        expect(isIdentity(multiply(scalar(times), point)))
          .withContext(`${times} times a point of order ${order}`)
          .toBe(times % order === 0);
      }
      expect(hex(encodePoint(point))).toBe(publicKey);
    });
    for (const { publicB } of valid) {
      const point = decodePoint(unhex(publicB));
      expect(point !== null && isTorsionFree(point) && !isIdentity(point)).toBe(true);
    }
  });
});
