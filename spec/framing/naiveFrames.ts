/** The obvious decoder, as an oracle: all bytes at once, no limit, no views. `rest` is what is not a whole frame. */
export function naiveFrames(bytes: Uint8Array): { frames: number[][]; rest: number[] } {
  const left = [...bytes];
  const frames: number[][] = [];
  while (left.length >= 3) {
    const length = left[0] + 256 * left[1] + 65536 * left[2];
    if (left.length < 3 + length) break;
    left.splice(0, 3);
    frames.push(left.splice(0, length));
  }
  return { frames, rest: left };
}
