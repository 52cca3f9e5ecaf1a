import { isWhole, show } from '../config.js';
import { InvalidOptionError, VersionNotKeptError } from '../errors.js';
import { takeOptions } from '../given.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import type { Pin } from './pin.js';

/** How many superseded versions a cell keeps, how long, and of what size; at least one of the bounds. */
export interface HistoryOptions {
  /** The newest so many, 1 to 1,000,000. */
  readonly versions?: number;
  /** Those superseded no longer ago than this, in milliseconds, 1 to 2,147,483,647. */
  readonly maxAge?: number;
  /**
   * The newest that keep no more bytes of row blocks than this besides the current version; at least 1. A block that a
   * restored state brings back counts each time it goes.
   */
  readonly maxBytes?: number;
}

interface Kept {
  readonly index: ShardexIndex;
  /** When another version took its place, in milliseconds. */
  readonly since: number;
  /** Bytes of the blocks that the version after it does without. */
  readonly bytes: number;
}

/** What a cell keeps of its past on purpose: a bounded ring, versions that have a name, and pinned ones (I8). */
export class History {
  readonly pins = new Set<Pin>();
  readonly #most: number;
  readonly #maxAge: number;
  readonly #maxBytes: number;
  #ring: Kept[] = [];
  #bytes = 0;
  readonly #tags = new Map<string, ShardexIndex>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: HistoryOptions | undefined) {
    const { versions, maxAge, maxBytes } = options === undefined ? { versions: 0 } : checked(options);
    this.#most = versions ?? Infinity;
    this.#maxAge = maxAge ?? Infinity;
    this.#maxBytes = maxBytes ?? Infinity;
  }

  superseded(index: ShardexIndex, bytes: number): void {
    if (this.#most === 0) return;
    this.#ring.push({ index, since: performance.now(), bytes });
    this.#bytes += bytes;
    this.#trim();
  }

  /** Whether the ring keeps a version. */
  has(version: number): boolean {
    return this.#ring.some(({ index }) => index.version === version);
  }

  /** The versions from `since` to the current one, none left out. */
  from(since: number, current: ShardexIndex): readonly ShardexIndex[] {
    this.#trim();
    if (since === current.version) return [current];
    const first = this.#ring.findIndex(({ index }) => index.version === since);
    if (first < 0) throw this.#notKept(since, current);
    return [...this.#ring.slice(first).map(({ index }) => index), current];
  }

  /** Lets go of the ring and the tags; pins are their holders' to release. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#ring = [];
    this.#bytes = 0;
    this.#tags.clear();
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
    throw this.#notKept(wanted, current);
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

  /** The tags on a version. */
  tagsOf(version: number): readonly string[] {
    return [...this.#tags].filter(([, index]) => index.version === version).map(([name]) => name);
  }

  #all(current: ShardexIndex): ShardexIndex[] {
    const pinned = [...this.pins].map(({ index }) => index);
    return [current, ...this.#ring.map(({ index }) => index), ...this.#tags.values(), ...pinned];
  }

  #notKept(wanted: number, current: ShardexIndex): VersionNotKeptError {
    return new VersionNotKeptError(
      `Version ${show(wanted)} is not kept; those that are: ${this.versions(current).join(', ')}. Ask for a longer history, or tag or pin a version while it is current.`,
      wanted,
    );
  }

  /** Lets go of what is out of bounds, now and, so that silence does not keep it, when the oldest comes of age. */
  #trim(): void {
    const oldest = performance.now() - this.#maxAge;
    const first = this.#ring.findIndex(({ since }) => since > oldest);
    const aged = first < 0 ? this.#ring.length : first;
    let surplus = Math.max(aged, this.#ring.length - this.#most, 0);
    for (let i = 0; i < surplus; i++) this.#bytes -= this.#ring[i].bytes;
    for (; this.#bytes > this.#maxBytes; surplus++) this.#bytes -= this.#ring[surplus].bytes;
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
  const taken = takeOptions(options, ['versions', 'maxAge', 'maxBytes']);
  const { versions, maxAge, maxBytes } = taken;
  if (versions === undefined && maxAge === undefined && maxBytes === undefined) {
    throw new InvalidOptionError(
      'history',
      'history needs a bound: versions, maxAge, maxBytes, or several of them.',
    );
  }
  const bounds = [
    ['versions', versions, 1_000_000],
    ['maxAge', maxAge, 0x7fff_ffff],
    ['maxBytes', maxBytes, Number.MAX_SAFE_INTEGER],
  ] as const;
  for (const [name, value, most] of bounds) {
    if (value === undefined || isWhole(value, 1, most)) continue;
    throw new InvalidOptionError(name, `${name} must be an integer from 1 to ${most}, not ${show(value)}.`);
  }
  return taken;
}
