/**
 * Rows of whole pages, sorted and apart from each other: what a remote announced in bulk. A row costs the same however long
 * it is; beyond `maxRows` the shortest is forgotten.
 *
 * @internal
 */
export class FullPages {
  /** First page of each row, and the page behind its last. */
  private readonly rows: [number, number][] = [];

  constructor(private readonly maxRows: number) {}

  get size(): number {
    return this.rows.length;
  }

  has(page: number): boolean {
    const row = this.rows[this.after(page)];
    return row !== undefined && row[0] <= page;
  }

  /** The first page from `page` on that is in a row, or -1. */
  next(page: number): number {
    const row = this.rows[this.after(page)];
    return row === undefined ? -1 : Math.max(page, row[0]);
  }

  add(start: number, end: number): void {
    if (start >= end) return;
    const { rows } = this;
    let first = this.after(start);
    if (first > 0 && rows[first - 1][1] === start) first--; // touches the row before
    let last = first;
    while (last < rows.length && rows[last][0] <= end) last++;
    const from = last > first ? Math.min(start, rows[first][0]) : start;
    const to = last > first ? Math.max(end, rows[last - 1][1]) : end;
    rows.splice(first, last - first, [from, to]);
    if (rows.length > this.maxRows) this.forgetShortest();
  }

  remove(start: number, end: number): void {
    if (start >= end) return;
    const { rows } = this;
    const first = this.after(start);
    let last = first;
    const left: [number, number][] = [];
    for (; last < rows.length && rows[last][0] < end; last++) {
      const [from, to] = rows[last];
      if (from < start) left.push([from, start]);
      if (to > end) left.push([end, to]);
    }
    rows.splice(first, last - first, ...left);
    if (rows.length > this.maxRows) this.forgetShortest();
  }

  /** Number of the first row that ends behind `page`. */
  private after(page: number): number {
    const { rows } = this;
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (rows[middle][1] > page) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  private forgetShortest(): void {
    const { rows } = this;
    let shortest = 0;
    for (let i = 1; i < rows.length; i++) {
      if (rows[i][1] - rows[i][0] < rows[shortest][1] - rows[shortest][0]) shortest = i;
    }
    rows.splice(shortest, 1);
  }
}
