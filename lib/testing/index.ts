/**
 * Help for specs, without any test runner.
 *
 * @packageDocumentation
 */

export { memoryPair, type MemoryPairOptions } from '../transports/memoryPair.js';
export { marbleChannel, type MarbleChannel } from './marbleChannel.js';
