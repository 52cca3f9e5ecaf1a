// Values that are computed on first use.

/** A value computed on first use; its inputs are released afterwards. */
export class Lazy<T> {
  #make: (() => T) | undefined;
  #value: T | undefined;

  constructor(make: () => T) {
    this.#make = make;
    Object.freeze(this);
  }

  /** A value that is computed already. */
  static of<T>(value: T): Lazy<T> {
    const lazy = new Lazy<T>(() => value);
    lazy.#value = value;
    lazy.#make = undefined;
    return lazy;
  }

  /** Whether it is computed. */
  get isMade(): boolean {
    return this.#make === undefined;
  }

  /** Takes what was made elsewhere of the same; does nothing where it is there already. */
  supply(value: T): void {
    if (this.#make === undefined) return;
    this.#value = value;
    this.#make = undefined;
  }

  get value(): T {
    if (this.#make !== undefined) {
      this.#value = this.#make();
      this.#make = undefined;
    }
    return this.#value as T;
  }
}
