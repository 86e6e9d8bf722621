import type { DuplexStream } from '../transports/nodeDuplex.js';
import type { ProtocolStream } from './Hypercore.js';

/**
 * The outer side of a protocol stream, which stays paused when it was paused.
 *
 * `@hyperswarm/secret-stream` (6.9.2, `index.js`: `_read` and `_onrawdata`) pauses and resumes by `rawStream` what it means
 * for the side that it reads itself; without a socket of its own, `rawStream` is the outer side. So it would go on sending to a
 * page that does not read, as fast as the core has blocks. Its calls are led to the side they are meant for.
 *
 * @internal
 */
export function outerStream(stream: ProtocolStream): DuplexStream {
  const { reverse } = stream;
  if (reverse === undefined) return stream;
  const pause = stream.pause.bind(stream);
  const resume = stream.resume.bind(stream);
  stream.pause = () => reverse.pause();
  stream.resume = () => reverse.resume();
  return {
    on: (event, listener) => stream.on(event, listener),
    removeListener: (event, listener) => stream.removeListener(event, listener),
    write: chunk => stream.write(chunk),
    end: () => stream.end(),
    destroy: error => stream.destroy(error),
    pause,
    resume,
  };
}
