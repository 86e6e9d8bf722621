/** What one block of the plot's core says: a stretch of a figure's line. */
export interface Stroke {
  readonly index: number;
  /** Bytes of the block. */
  readonly bytes: number;
  /** Figures are counted from 1. */
  readonly figure: number;
  /** How the two pendulums swing: `3:2`. */
  readonly of: string;
  /** Which stretch of the figure it is. */
  readonly at: number;
  /** How far the pendulums still swing, from 1 to 0. */
  readonly swing: number;
  /** x and y in turn, from -1000 to 1000. */
  readonly points: readonly number[];
}

/** Reads a block. What it says is the writer's, proved by signature; the shape is checked all the same. */
export function readStroke(index: number, block: Uint8Array): Stroke | null {
  try {
    const { figure, of, at, swing, points } = JSON.parse(new TextDecoder().decode(block)) as Partial<Stroke>;
    const numbers: unknown[] = [figure, at, swing, ...((points as unknown[] | undefined) ?? [NaN])];
    if (typeof of !== 'string' || !numbers.every(Number.isFinite)) return null;
    return { index, bytes: block.length, figure: figure!, of, at: at!, swing: swing!, points: points! };
  } catch {
    return null;
  }
}
