/** A row of blocks that somebody wants to have here. @internal */
export class Wish {
  /** Nothing below it is missing. */
  position: number;
  /** For each remote: it has no block below that is missing here and not on its way. */
  readonly searched = new Map<object, number>();

  constructor(
    readonly start: number,
    /** The block behind the last; Infinity for all that there will be. It may be moved. */
    public end: number,
    /** 0 for ordinary, 1 for a reader who waits. */
    readonly priority: number,
  ) {
    this.position = start;
  }

  /** Whether a block is part of it. */
  includes(index: number): boolean {
    return index >= this.start && index < this.end;
  }
}
