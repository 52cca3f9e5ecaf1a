/*
 * A pin: a version that is kept on purpose, and shows up in the cell's reports until it is released. `CellState.pin`
 * makes it, `History` holds it.
 */

import { BRAND, type Brand, brand } from '../checks/brand.js';
import { detachable, findable } from '../checks/detached.js';
import { PinReleasedError } from '../errors.js';
import type { ShardexIndex } from '../version/shardex-index.js';

/** Options of `pin()`. */
export interface PinOptions {
  /** Label in the report of `held()`; say who pins, and what for. */
  readonly label?: string;
  /** Version to pin, by number or tag, of those that the cell keeps. Default: the current one. */
  readonly version?: number | string;
}

/**
 * A version kept on purpose until it is released. The cell knows it by number, and `held()` reports its label. Made
 * by `cell.pin()`, best as `using pin = cell.pin()`.
 */
export class Pin<M extends object = object> {
  /** The label that was given. */
  readonly label: string | undefined;
  /** The number of the version, readable also after the release. */
  readonly version: number;
  #index: ShardexIndex<M> | undefined;
  readonly #released: (pin: Pin) => void;

  static {
    detachable(this, (value) => #index in value, 'fresh');
  }

  /** @internal */
  constructor(index: ShardexIndex<M>, label: string | undefined, released: (pin: Pin) => void) {
    this.#index = index;
    this.label = label;
    this.version = index.version;
    this.#released = released;
    findable(this);
    Object.freeze(this);
  }

  /**
   * The version.
   *
   * @throws {@link PinReleasedError}
   */
  get index(): ShardexIndex<M> {
    if (this.#index !== undefined) return this.#index;
    throw new PinReleasedError(
      `The pin on version ${this.version} was released; take what you need from pin.index before that.`,
    );
  }

  /** Whether it was released. */
  get isReleased(): boolean {
    return this.#index === undefined;
  }

  /** Releases the version. Does nothing the second time. */
  release(): void {
    if (this.#index === undefined) return;
    this.#index = undefined;
    this.#released(this);
  }

  /** Calls `release()`, so that `using pin = cell.pin()` cannot leave it behind. */
  [Symbol.dispose](): void {
    this.release();
  }

  /** @internal */
  get [BRAND](): Brand {
    return PIN;
  }
}

const PIN = brand('pin');
