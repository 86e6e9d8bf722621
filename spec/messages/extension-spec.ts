import { decode } from '../../lib/encoding/decode.js';
import { encode } from '../../lib/encoding/encode.js';
import { LimitExceededError, OutOfBoundsError } from '../../lib/errors.js';
import { extension, extensionCodec, MAX_EXTENSION_NAME_BYTES } from '../../lib/messages/extension.js';
import { ExtensionNames } from '../../lib/messages/ExtensionNames.js';
import { ascii, concat, unhex } from '../helpers/bytes.js';
import { comparable } from '../helpers/marbles.js';

const longest = 'n'.repeat(MAX_EXTENSION_NAME_BYTES);

describe('extension', () => {
  it('reads the longest name, and refuses one byte more without looking for it', () => {
    const message = extension({ name: longest, payload: ascii('x') });
    expect(comparable(decode(extensionCodec, encode(extensionCodec, message)))).toEqual(comparable(message));
    const tooLong = concat(unhex('fd0104'), ascii(`${longest}n`));
    const state = { start: 0, end: tooLong.length, buffer: tooLong };
    expect(() => extensionCodec.decode(state)).toThrow(
      new LimitExceededError('maxExtensionNameBytes', 1024, 1025),
    );
    expect(state.start).toBe(0);
  });

  it('refuses a name that is cut', () => {
    expect(() => decode(extensionCodec, unhex('046368'))).toThrowError(OutOfBoundsError);
  });
});

describe('ExtensionNames', () => {
  it('leaves out a name like the one before, on the way out', () => {
    const names = new ExtensionNames();
    const sent = ['a', 'a', 'b', 'a', 'a'].map(name => names.encodeName(name));
    expect(sent).toEqual(['a', '', 'b', 'a', '']);
  });

  it('puts it back, on the way in', () => {
    const names = new ExtensionNames();
    expect(['', 'a', '', 'b', '', ''].map(name => names.decodeName(name))).toEqual([
      '',
      'a',
      'a',
      'b',
      'b',
      'b',
    ]);
  });

  it('keeps the directions apart', () => {
    const names = new ExtensionNames();
    names.decodeName('a');
    expect(names.encodeName('a')).toBe('a');
    names.encodeName('b');
    expect(names.decodeName('')).toBe('a');
  });

  it('refuses what cannot be sent, and does not remember it', () => {
    const names = new ExtensionNames();
    expect(names.encodeName(longest)).toBe(longest);
    for (const name of ['', `${longest}n`, 'é'.repeat(MAX_EXTENSION_NAME_BYTES / 2) + 'n']) {
      expect(() => names.encodeName(name)).toThrowError(RangeError);
      expect(() => names.encodeName(name)).toThrowError(RangeError);
    }
    expect(names.encodeName(longest)).toBe('');
  });
});
