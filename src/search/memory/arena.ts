// Allocates kernel memory for the cache: best fit, with a list of free gaps.
/** Addresses are multiples of a processor's cache line. */
const ALIGNMENT = 64;

/** Allocates pieces of a growing memory, which can be freed in any order. */
export class Arena {
  readonly #start: number;
  readonly #grow: (byteLength: number) => boolean;
  /** All bytes from here on are free. */
  #end: number;
  /** Gaps below the end, by address; no two of them touch. */
  readonly #free: { at: number; bytes: number }[] = [];
  #used = 0;

  /** `grow` makes the memory at least as long as it is told, or returns `false`. */
  constructor(start: number, grow: (byteLength: number) => boolean) {
    this.#start = Math.ceil(start / ALIGNMENT) * ALIGNMENT;
    this.#end = this.#start;
    this.#grow = grow;
  }

  /** Bytes that are allocated. */
  get used(): number {
    return this.#used;
  }

  /**
   * Allocates at least `bytes` bytes, in the smallest gap that has them.
   *
   * Returns `undefined` if the memory cannot grow, or if all would take more than `most` bytes. Time: O(gaps).
   */
  take(bytes: number, most: number): number | undefined {
    const size = sizeFor(bytes);
    let best = -1;
    for (let i = 0; i < this.#free.length; i++) {
      if (this.#free[i].bytes < size) continue;
      if (best < 0 || this.#free[i].bytes < this.#free[best].bytes) best = i;
    }
    if (best >= 0) {
      const gap = this.#free[best];
      const { at } = gap;
      if (gap.bytes === size) this.#free.splice(best, 1);
      else {
        gap.at += size;
        gap.bytes -= size;
      }
      this.#used += size;
      return at;
    }
    const at = this.#end;
    if (at + size - this.#start > most || !this.#grow(at + size)) return undefined;
    this.#end += size;
    this.#used += size;
    return at;
  }

  /** Frees a piece that was allocated for `bytes` bytes. */
  give(at: number, bytes: number): void {
    const size = sizeFor(bytes);
    this.#used -= size;
    const free = this.#free;
    let low = 0;
    for (let high = free.length; low < high;) {
      const middle = (low + high) >>> 1;
      if (free[middle].at < at) low = middle + 1;
      else high = middle;
    }
    free.splice(low, 0, { at, bytes: size });
    if (low + 1 < free.length && at + size === free[low + 1].at) {
      free[low].bytes += free[low + 1].bytes;
      free.splice(low + 1, 1);
    }
    if (low > 0 && free[low - 1].at + free[low - 1].bytes === at) {
      free[low - 1].bytes += free[low].bytes;
      free.splice(low, 1);
    }
    const last = free.at(-1);
    if (last !== undefined && last.at + last.bytes === this.#end) {
      this.#end = last.at;
      free.pop();
    }
  }
}

function sizeFor(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
