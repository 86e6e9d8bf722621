import { messageLengths, messagesOfLength } from '../../lib/noise/patterns.js';
import { patternNames, vectors } from './handshakes.js';

describe('patterns', () => {
  it('have messages of the recorded lengths', () => {
    expect(messageLengths('XX')).toEqual([32, 96, 64]);
    expect(messageLengths('IK')).toEqual([96, 48]);
    for (const pattern of patternNames) {
      for (const { messages } of vectors[pattern].cases) {
        const lengths = messages.map(({ message, payload }) => (message.length - payload.length) / 2);
        expect(messageLengths(pattern)).toEqual(lengths);
      }
    }
  });

  it('are told apart by the length of a message', () => {
    expect(messagesOfLength(96)).toEqual(['message 2 of XX', 'message 1 of IK']);
    expect(messagesOfLength(48)).toEqual(['message 2 of IK']);
    expect(messagesOfLength(33)).toEqual([]);
  });
});
