import { assertOptions, isWhole, show } from '../config.js';
import { InvalidOptionError, VersionNotKeptError } from '../errors.js';
import type { ShardexIndex } from '../version/shardex-index.js';

/** How many superseded versions a cell keeps, and how long; at least one of the bounds. */
export interface HistoryOptions {
  /** The newest so many, 1 to 1,000,000. */
  readonly versions?: number;
  /** Those superseded no longer ago than this, in milliseconds, 1 to 2,147,483,647. */
  readonly maxAge?: number;
}

interface Kept {
  readonly index: ShardexIndex;
  /** When another version took its place, in milliseconds. */
  readonly since: number;
}

/** What a cell keeps of its past on purpose: a bounded ring, and versions that have a name (I8). */
export class History {
  readonly #most: number;
  readonly #maxAge: number;
  #ring: Kept[] = [];
  readonly #tags = new Map<string, ShardexIndex>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: HistoryOptions | undefined) {
    const { versions, maxAge } = options === undefined ? { versions: 0 } : checked(options);
    this.#most = versions ?? Infinity;
    this.#maxAge = maxAge ?? Infinity;
  }

  superseded(index: ShardexIndex): void {
    if (this.#most === 0) return;
    this.#ring.push({ index, since: performance.now() });
    this.#trim();
  }

  /** The version with this number or tag. */
  at(wanted: number | string, current: ShardexIndex): ShardexIndex {
    this.#trim();
    if (typeof wanted === 'string') {
      const tagged = this.#tags.get(wanted);
      if (tagged !== undefined) return tagged;
      throw new VersionNotKeptError(
        `There is no tag ${show(wanted)}; the tags are ${show([...this.#tags.keys()].join(', '))}.`,
        wanted,
      );
    }
    const found = this.#all(current).find(({ version }) => version === wanted);
    if (found !== undefined) return found;
    throw new VersionNotKeptError(
      `Version ${show(wanted)} is not kept; those that are: ${this.versions(current).join(', ')}. Ask for a longer history, or tag a version while it is current.`,
      wanted,
    );
  }

  /** The numbers of the versions that can be had, ascending. */
  versions(current: ShardexIndex): readonly number[] {
    this.#trim();
    const numbers = new Set(this.#all(current).map(({ version }) => version));
    return Object.freeze([...numbers].sort((a, b) => a - b));
  }

  tag(name: string, index: ShardexIndex): void {
    const given: unknown = name;
    if (typeof given !== 'string' || given === '') {
      throw new InvalidOptionError('name', `A tag must be a non-empty string, not ${show(given)}.`);
    }
    if (this.#tags.has(name)) {
      throw new InvalidOptionError('name', `The tag ${show(name)} is taken; untag it first.`);
    }
    this.#tags.set(name, index);
  }

  untag(name: string): boolean {
    return this.#tags.delete(name);
  }

  get tags(): ReadonlyMap<string, number> {
    return new Map([...this.#tags].map(([name, { version }]) => [name, version]));
  }

  #all(current: ShardexIndex): ShardexIndex[] {
    return [current, ...this.#ring.map(({ index }) => index), ...this.#tags.values()];
  }

  /** Lets go of what is out of bounds, now and, so that silence does not keep it, when the oldest comes of age. */
  #trim(): void {
    const oldest = performance.now() - this.#maxAge;
    const first = this.#ring.findIndex(({ since }) => since > oldest);
    const aged = first < 0 ? this.#ring.length : first;
    const surplus = Math.max(aged, this.#ring.length - this.#most);
    if (surplus > 0) this.#ring = this.#ring.slice(surplus);
    if (this.#maxAge === Infinity || this.#ring.length === 0 || this.#timer !== undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#trim();
      },
      Math.max(1, Math.ceil(this.#ring[0].since - oldest)),
    );
    // In Node it must not keep the process alive; in browsers it is a number.
    (this.#timer as { readonly unref?: () => void }).unref?.();
  }
}

function checked(options: HistoryOptions): HistoryOptions {
  assertOptions(options, ['versions', 'maxAge']);
  const { versions, maxAge } = options;
  if (versions === undefined && maxAge === undefined) {
    throw new InvalidOptionError('history', 'history needs a bound: versions, maxAge, or both.');
  }
  const bounds = [
    ['versions', versions, 1_000_000],
    ['maxAge', maxAge, 0x7fff_ffff],
  ] as const;
  for (const [name, value, most] of bounds) {
    if (value === undefined || isWhole(value, 1, most)) continue;
    throw new InvalidOptionError(name, `${name} must be an integer from 1 to ${most}, not ${show(value)}.`);
  }
  return { versions, maxAge } as HistoryOptions;
}
