/** Names that were added last, so many of them: what has ended must not take memory for as long as a port lives. */
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
    // Again at the end, if it was there.
    this.#names.delete(name);
    this.#names.add(name);
    const [first] = this.#names;
    if (this.#names.size > this.#most) this.#names.delete(first);
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }
}
