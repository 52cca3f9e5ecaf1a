/*
 * A bounded memory of names. A service remembers which replicas left last, so that a late message does not bring them
 * back.
 */

/** A set of the last `most` names that were added, so that it does not grow as long as a port lives. */
export class LastNames {
  readonly #most: number;
  readonly #names = new Set<string>();

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#names.size;
  }

  add(name: string): void {
    // Moves it to the end if it was there.
    this.#names.delete(name);
    this.#names.add(name);
    const [first] = this.#names;
    if (this.#names.size > this.#most) this.#names.delete(first);
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }
}
