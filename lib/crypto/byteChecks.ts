/**
 * Throws if a value is not bytes, or not as many as it must be. Wrong keys and nonces are mistakes of the caller, so
 * they are thrown at once; the message names the parameter and never shows the bytes.
 *
 * @throws TypeError if it is not a `Uint8Array`.
 * @throws RangeError if its length is not within `[least, most]`.
 * @internal
 */
export function requireBytes(name: string, value: Uint8Array, least: number, most: number = least): void {
  if (!(value instanceof Uint8Array)) throw new TypeError(`${name} must be a Uint8Array`);
  if (value.length < least || value.length > most) {
    const expected = least === most ? `${least}` : `${least} to ${most}`;
    throw new RangeError(`${name} must be ${expected} bytes long, not ${value.length}`);
  }
}

/**
 * Throws if a value is not an integer within `[least, most]`.
 *
 * @throws RangeError
 * @internal
 */
export function requireInteger(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${name} must be an integer from ${least} to ${most}`);
  }
}
