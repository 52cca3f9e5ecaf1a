import { onRejection, throwUncaught } from '../callbacks.js';
import { assertFunction, isWhole, show } from '../config.js';
import { InvalidOptionError } from '../errors.js';
import { takeOptions } from '../given.js';
import { type HeldVersion, type LivingVersions, type VersionRecord, heldVersion } from './held.js';
import type { History } from './history.js';

/** When to warn of old versions that are still held, and what to remember of who got them. */
export interface HeldOptions {
  /** Warns of a version that was superseded longer ago than this, in milliseconds, 1 to 2,147,483,647. */
  readonly maxAge?: number;
  /** Warns of a version that alone keeps more bytes of row blocks than this, at least 1. */
  readonly maxBytes?: number;
  /** Is told of each such version once; needed where there is a limit. What it throws, or rejects with, comes out as an uncaught error. */
  readonly onExceeded?: (held: HeldVersion) => void;
  /** Remembers where versions are handed out. It makes reading much slower: for finding a leak. Default `false`. */
  readonly trace?: boolean;
}

/** Looked at no more often than this, in milliseconds: adding up bytes takes a look at all old versions. */
const LEAST_PAUSE = 100;
/** Bytes are looked at this often, in milliseconds, while any old version lives. */
const PAUSE = 1000;

/** Looks at the old versions from time to time, as long as there are any. */
export class HeldWarning {
  readonly #options: HeldOptions;
  readonly #living: LivingVersions;
  readonly #history: History;
  readonly #pause: number;
  readonly #warned = new WeakSet<VersionRecord>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: HeldOptions, living: LivingVersions, history: History) {
    this.#options = checked(options);
    this.#living = living;
    this.#history = history;
    this.#pause = Math.max(LEAST_PAUSE, Math.min(PAUSE, this.#options.maxAge ?? PAUSE));
  }

  /** Whether to note where versions are handed out. */
  get traces(): boolean {
    return this.#options.trace === true;
  }

  superseded(): void {
    if (this.#timer !== undefined || this.#options.onExceeded === undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#look();
    }, this.#pause);
    // In Node it must not keep the process alive; in browsers it is a number.
    (this.#timer as { readonly unref?: () => void }).unref?.();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const { maxAge = Infinity, maxBytes = Infinity, onExceeded } = this.#options;
    const exceeded: HeldVersion[] = [];
    for (const record of this.#living.old()) {
      if (this.#warned.has(record)) continue;
      const held = heldVersion(this.#living, this.#history, record);
      if (held.ageMs <= maxAge && held.exclusiveBytes <= maxBytes) continue;
      this.#warned.add(record);
      exceeded.push(held);
    }
    if (this.#living.oldCount > 0) this.superseded();
    // Each by itself, so that one that throws does not keep the others from being told.
    for (const held of exceeded) {
      queueMicrotask(() => {
        onRejection(onExceeded?.(held), throwUncaught);
      });
    }
  }
}

function checked(options: HeldOptions): HeldOptions {
  const taken = takeOptions(options, ['maxAge', 'maxBytes', 'onExceeded', 'trace']);
  const { maxAge, maxBytes, onExceeded, trace } = taken;
  const bounds = [
    ['maxAge', maxAge, 0x7fff_ffff],
    ['maxBytes', maxBytes, Number.MAX_SAFE_INTEGER],
  ] as const;
  for (const [name, value, most] of bounds) {
    if (value === undefined) continue;
    if (!isWhole(value, 1, most))
      throw new InvalidOptionError(name, `${name} must be an integer from 1 to ${most}, not ${show(value)}.`);
    if (onExceeded === undefined)
      throw new InvalidOptionError(
        'onExceeded',
        `${name} needs onExceeded, which is told of what exceeds it.`,
      );
  }
  assertFunction('onExceeded', onExceeded);
  if (trace !== undefined && typeof trace !== 'boolean')
    throw new InvalidOptionError('trace', `trace must be true or false, not ${show(trace)}.`);
  return taken;
}
