/**
 * Where the pixels of a batch lie while a run takes them. A worker thread reads shared memory in place, which is used again
 * and again: a new buffer for each run costs page faults on both sides, more than a small model's run.
 */
export class BatchMemory {
  private readonly free: SharedArrayBuffer[] = [];

  /** `most`: bytes of the largest batch. `shared`: whether whoever runs it can read shared memory. */
  constructor(
    private readonly most: number,
    readonly shared: boolean,
  ) {}

  /** Memory of so many bytes, with anything in it. */
  take(bytes: number): Uint8Array {
    if (!this.shared) return new Uint8Array(bytes);
    return new Uint8Array(this.free.pop() ?? new SharedArrayBuffer(this.most), 0, bytes);
  }

  /** Takes back what no run reads any more. */
  giveBack({ buffer }: Uint8Array): void {
    if (this.shared) this.free.push(buffer as SharedArrayBuffer);
  }
}
