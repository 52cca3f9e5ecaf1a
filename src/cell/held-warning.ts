/*
 * The `held` option of a cell: a timer that looks for old versions which live too long or keep too many bytes, and
 * reports each of them once. It reads the list of `held.ts`.
 */

import { onRejection, throwUncaught } from '../checks/callbacks.js';
import { assertFunction, requireFlag, requireWhole } from '../config.js';
import { InvalidOptionError } from '../errors.js';
import { takeOptions } from '../checks/given.js';
import { quietTimeout } from '../host/quiet-timeout.js';
import { type HeldVersion, type LivingVersions, type LivingVersion, heldVersion } from './held.js';
import type { History } from './history.js';

/** Limits beyond which an old version is reported, and whether to record where versions are handed out. */
export interface HeldOptions {
  /** Warns of a version that was superseded longer ago than this, in milliseconds, 1 to 2,147,483,647. */
  readonly maxAge?: number;
  /** Warns of a version that alone keeps more bytes of row blocks than this, at least 1. */
  readonly maxBytes?: number;
  /**
   * Called once with each such version; required with a limit. What it throws, or rejects with, comes out as an
   * uncaught error.
   */
  readonly onExceeded?: (held: HeldVersion) => void;
  /**
   * Records where versions are handed out, for finding a leak. It makes reading much slower. Default `false`.
   */
  readonly trace?: boolean;
}

/** Shortest interval between checks, in milliseconds: adding up bytes visits all old versions. */
const MIN_CHECK_INTERVAL_MS = 100;
/** Longest interval between checks, in milliseconds, while any old version lives. */
const CHECK_INTERVAL_MS = 1000;

/** Checks the old versions from time to time, as long as there are any. */
export class HeldWarning {
  readonly #options: HeldOptions;
  readonly #living: LivingVersions;
  readonly #history: History;
  readonly #intervalMs: number;
  readonly #warned = new WeakSet<LivingVersion>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: HeldOptions, living: LivingVersions, history: History) {
    this.#options = checkedHeldOptions(options);
    this.#living = living;
    this.#history = history;
    this.#intervalMs = Math.max(
      MIN_CHECK_INTERVAL_MS,
      Math.min(CHECK_INTERVAL_MS, this.#options.maxAge ?? CHECK_INTERVAL_MS),
    );
  }

  /** Whether to record the stack where a version is handed out. */
  get traces(): boolean {
    return this.#options.trace === true;
  }

  /** Schedules the next check; called when a version is superseded. */
  schedule(): void {
    if (this.#timer !== undefined || this.#options.onExceeded === undefined) return;
    this.#timer = quietTimeout(() => {
      this.#timer = undefined;
      this.#check();
    }, this.#intervalMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #check(): void {
    const { maxAge = Infinity, maxBytes = Infinity, onExceeded } = this.#options;
    const exceeded: HeldVersion[] = [];
    for (const old of this.#living.old()) {
      if (this.#warned.has(old)) continue;
      const held = heldVersion(this.#living, this.#history, old);
      if (held.ageMs <= maxAge && held.exclusiveBytes <= maxBytes) continue;
      this.#warned.add(old);
      exceeded.push(held);
    }
    if (this.#living.oldCount > 0) this.schedule();
    // Each in a separate job, so that an error from one does not keep the others from being reported.
    for (const held of exceeded) {
      queueMicrotask(() => {
        onRejection(onExceeded?.(held), throwUncaught);
      });
    }
  }
}

function checkedHeldOptions(options: HeldOptions): HeldOptions {
  const taken = takeOptions(options, ['maxAge', 'maxBytes', 'onExceeded', 'trace']);
  const { maxAge, maxBytes, onExceeded, trace } = taken;
  const bounds = [
    ['maxAge', maxAge, 0x7fff_ffff],
    ['maxBytes', maxBytes, Number.MAX_SAFE_INTEGER],
  ] as const;
  for (const [name, value, most] of bounds) {
    if (value === undefined) continue;
    requireWhole(name, value, 1, most);
    if (onExceeded === undefined)
      throw new InvalidOptionError(
        'onExceeded',
        `${name} needs onExceeded, which is told of what exceeds it.`,
      );
  }
  assertFunction('onExceeded', onExceeded);
  if (trace !== undefined) requireFlag('trace', trace);
  return taken;
}
