// The cache in kernel memory: which piece belongs to which key, and which one is evicted next (the clock algorithm).
import type { Arena } from './arena.js';

/** A piece of kernel memory that belongs to something immutable or append-only. */
export interface Slot {
  /** Its address; −1 once it was evicted. */
  at: number;
  readonly bytes: number;
  /** How many of its rows are in it. */
  rows: number;
  /** Used since the clock's hand last passed. */
  recent: boolean;
  /** Its index on the clock. */
  index: number;
}

/**
 * A cache in kernel memory, keyed by what is cached.
 *
 * It does not keep its keys alive: when a key is collected, its memory is free again (I8). Over the budget, the clock
 * algorithm evicts a slot that was not used for a while.
 */
export class Slots {
  readonly #arena: Arena;
  #slots = new WeakMap<object, Slot>();
  readonly #clock: Slot[] = [];
  #hand = 0;
  #evictions = 0;
  #most: number;
  readonly #registry = new FinalizationRegistry<Slot>((slot) => {
    this.#free(slot);
  });

  constructor(arena: Arena, most: number) {
    this.#arena = arena;
    this.#most = most;
  }

  /** Bytes in use. */
  get byteLength(): number {
    return this.#arena.used;
  }

  /** How often a slot was evicted whose key may still be alive. */
  get evictions(): number {
    return this.#evictions;
  }

  /** Bytes that may be in use. */
  get most(): number {
    return this.#most;
  }

  set most(bytes: number) {
    this.#most = bytes;
    // The arena moves nothing, so that slots beyond the new end must go; all go with them.
    if (this.#arena.used > bytes) this.clear();
  }

  find(key: object): Slot | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined || slot.at < 0) return undefined;
    slot.recent = true;
    return slot;
  }

  /** Whether a key has a slot, without marking it as used. */
  has(key: object): boolean {
    const slot = this.#slots.get(key);
    return slot !== undefined && slot.at >= 0;
  }

  /**
   * Makes an empty slot.
   *
   * Returns `undefined` if it cannot fit even after evicting everything or, with `replacing: false`, without evicting.
   */
  make(key: object, bytes: number, replacing = true): Slot | undefined {
    if (bytes > this.#most) return undefined;
    let at = this.#arena.take(bytes, this.#most);
    while (at === undefined && replacing && this.#evict()) at = this.#arena.take(bytes, this.#most);
    if (at === undefined) return undefined;
    const slot: Slot = { at, bytes, rows: 0, recent: true, index: this.#clock.length };
    this.#clock.push(slot);
    this.#slots.set(key, slot);
    this.#registry.register(key, slot, slot);
    return slot;
  }

  /** Evicts everything. */
  clear(): void {
    this.#evictions++;
    for (let i = this.#clock.length - 1; i >= 0; i--) this.#free(this.#clock[i]);
    this.#slots = new WeakMap();
  }

  /** Evicts the next slot that was not used since the hand last passed it. */
  #evict(): boolean {
    while (this.#clock.length > 0) {
      this.#hand %= this.#clock.length;
      const slot = this.#clock[this.#hand];
      if (!slot.recent) {
        this.#evictions++;
        this.#free(slot);
        return true;
      }
      slot.recent = false;
      this.#hand++;
    }
    return false;
  }

  #free(slot: Slot): void {
    if (slot.at < 0) return;
    this.#registry.unregister(slot);
    this.#arena.give(slot.at, slot.bytes);
    slot.at = -1;
    const last = this.#clock.pop() as Slot;
    if (last === slot) return;
    this.#clock[slot.index] = last;
    last.index = slot.index;
  }
}
