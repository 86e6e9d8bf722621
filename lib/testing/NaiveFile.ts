/**
 * A file as one array, grown and copied without a thought: what a storage is compared with.
 *
 * @public
 */
export class NaiveFile {
  bytes = new Uint8Array(0);

  read(offset: number, length: number): Uint8Array | null {
    return offset + length > this.bytes.length ? null : this.bytes.slice(offset, offset + length);
  }

  write(offset: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (offset + bytes.length > this.bytes.length) this.truncate(offset + bytes.length);
    this.bytes.set(bytes, offset);
  }

  punch(offset: number, length: number): void {
    this.bytes.fill(0, offset, offset + length);
  }

  truncate(length: number): void {
    const bytes = new Uint8Array(length);
    bytes.set(this.bytes.subarray(0, length));
    this.bytes = bytes;
  }
}
