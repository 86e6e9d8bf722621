import { isHypercoreError } from '../../lib/errors.js';
import { ExtensionNames } from '../../lib/messages/ExtensionNames.js';
import { extensionCodec } from '../../lib/messages/extension.js';
import { messageCorpus } from '../corpus.js';
import type { Dice } from '../Dice.js';
import { broken, type FuzzOutcome, type FuzzTarget, hexOf } from '../FuzzTarget.js';
import { mutate } from '../mutate.js';

/** Extension messages one behind the other: an empty name means the last one that was not, whatever came between. */
export class ExtensionNamesTarget implements FuzzTarget {
  readonly name = 'extension names';
  readonly weight = 4;
  inputBytes = 0;
  private said: Uint8Array[] = [];
  private readonly corpus = [...messageCorpus('extension'), Uint8Array.of(0, 1), Uint8Array.of(1, 0x61, 2)];

  describe(): string {
    return this.said.map(hexOf).join(' ');
  }

  run(dice: Dice): FuzzOutcome {
    this.said = [];
    this.inputBytes = 0;
    const names = new ExtensionNames();
    let last = '';
    let read = 0;
    for (let count = dice.integer(1, 5); count > 0; count--) {
      const input = dice.chance(0.5) ? dice.pick(this.corpus) : mutate(dice, this.corpus);
      this.said.push(input);
      this.inputBytes += input.length;
      let name;
      try {
        ({ name } = extensionCodec.decode({ start: 0, end: input.length, buffer: input }));
      } catch (error) {
        if (!isHypercoreError(error)) broken('only errors of the library are thrown', error);
        continue;
      }
      read++;
      last = name === '' ? last : name;
      if (names.decodeName(name) !== last) broken('an empty name is the last one');
    }
    return read > 0 ? 'accepted' : 'refused';
  }
}
