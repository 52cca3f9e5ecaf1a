/** What is made when it is first asked for. Until then what it is made from is kept alive, and after that no more. */
export class Lazy<T> {
  #make: (() => T) | undefined;
  #value: T | undefined;

  constructor(make: () => T) {
    this.#make = make;
    Object.freeze(this);
  }

  /** What is there already. */
  static of<T>(value: T): Lazy<T> {
    const lazy = new Lazy<T>(() => value);
    lazy.#value = value;
    lazy.#make = undefined;
    return lazy;
  }

  /** Whether asking for it costs nothing any more. */
  get isMade(): boolean {
    return this.#make === undefined;
  }

  get value(): T {
    if (this.#make !== undefined) {
      this.#value = this.#make();
      this.#make = undefined;
    }
    return this.#value as T;
  }
}
