/*
 * Starts garbage collections in a replica's thread. Engines ignore shared memory when they decide whether to collect,
 * so a thread that makes little other garbage would keep the blocks of all versions that it ever had.
 */

/** Bytes that dead blocks may always take. */
const MIN_SPARE_BYTES = 16 * 2 ** 20;

/**
 * Bytes outside of the heap that make V8 collect, in Node 20, 22 and 24; with 64 MiB it does only at times.
 */
const HINT_BYTES = 96 * 2 ** 20;

/** Triggers a collection when dead blocks take as much memory as the newest version. */
export class SharedGarbage {
  readonly #collect: () => void;
  /** Bytes above which the next collection starts; `undefined` if none was needed since they were few. */
  #next: number | undefined;

  constructor(collect: () => void = hintAtCollection) {
    this.#collect = collect;
  }

  /**
   * Compares the bytes of all blocks here with those of the newest version, and collects if they are twice as many.
   *
   * Old versions may be held on purpose, so it does not collect again before as many more bytes have come.
   */
  weigh(here: number, needed: number): void {
    const spare = Math.max(MIN_SPARE_BYTES, needed);
    if (here <= needed + spare) this.#next = undefined;
    else if (here > (this.#next ?? 0)) {
      this.#next = here + spare;
      this.#collect();
    }
  }
}

/** Allocates memory that V8 does count, and drops it at once. It is never touched, so it takes no space. */
function hintAtCollection(): void {
  try {
    new ArrayBuffer(HINT_BYTES);
  } catch {
    // Memory is short; then the engine has reason enough to collect.
  }
}
