/** Dead blocks may always take so much, in bytes. */
const MIN_SPARE_BYTES = 16 * 2 ** 20;

/** So much memory outside of the heap, in bytes, has V8 begin a collection in Node 20, 22 and 24; 64 MiB do at times. */
const HINT_BYTES = 96 * 2 ** 20;

/**
 * Has dead blocks collected in time. Engines do not count shared memory when they decide whether to collect, so a thread
 * that makes little garbage otherwise would hold on to the blocks of all versions that it ever had.
 */
export class SharedGarbage {
  readonly #collect: () => void;
  /** Collected at more than so many bytes; `undefined` where nothing was since they were few. */
  #next: number | undefined;

  constructor(collect: () => void = hintAtCollection) {
    this.#collect = collect;
  }

  /**
   * Looks at the bytes of all blocks that are here, and of those that the newest version has. A collection begins when the
   * former are twice the latter; and as they may be held on purpose, not again before as many more have come.
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

/** Takes memory that engines do count, and lets go of it at once. It is never touched, so it takes no room. */
function hintAtCollection(): void {
  try {
    new ArrayBuffer(HINT_BYTES);
  } catch {
    // There is not as much; then the engine has cause enough to collect.
  }
}
