/** Memory for many small arrays of one size, cut from larger blocks: to a small image, a buffer of its own costs more than its pixels. */

/** Arrays in a block. */
const BLOCK = 64;

export class Slab {
  private block = new Uint8Array(0);
  private at = 0;

  constructor(private readonly size: number) {}

  /** The next array, all zeros; a block lives as long as any of its arrays. */
  take(): Uint8Array {
    if (this.at === this.block.length) {
      this.block = new Uint8Array(BLOCK * this.size);
      this.at = 0;
    }
    const start = this.at;
    this.at += this.size;
    return this.block.subarray(start, this.at);
  }
}
