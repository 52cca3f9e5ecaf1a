/*
 * The versions that a cell keeps on purpose: a bounded ring of superseded versions, tags, and pins. `at()`, `versions()`,
 * `restore()` and watchers with `since` find old versions here; all others are left to the garbage collector.
 */

import { requireWhole, show } from '../config.js';
import { InvalidOptionError, VersionNotKeptError } from '../errors.js';
import { takeOptions } from '../checks/given.js';
import { quietTimeout } from '../host/quiet-timeout.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import type { Pin } from './pin.js';

/** Bounds on the superseded versions that a cell keeps: number, age, bytes; at least one of them. */
export interface HistoryOptions {
  /** Number of versions, the newest ones, 1 to 1,000,000. */
  readonly versions?: number;
  /** Milliseconds since a version was superseded, 1 to 2,147,483,647. */
  readonly maxAge?: number;
  /**
   * Bytes of row blocks, texts and metadata that they keep besides the current version, at least 1.
   *
   * The newest versions are kept. A block that a restored state brings back counts each time it goes.
   */
  readonly maxBytes?: number;
}

interface KeptVersion {
  readonly index: ShardexIndex;
  /** Time at which another version took its place, in milliseconds. */
  readonly since: number;
  /** Bytes of the blocks that the version after it no longer has. */
  readonly bytes: number;
}

/** Versions that a cell keeps on purpose: a bounded ring, tagged and pinned ones (I8). */
export class History {
  readonly pins = new Set<Pin>();
  readonly #most: number;
  readonly #maxAge: number;
  readonly #maxBytes: number;
  #ring: KeptVersion[] = [];
  #bytes = 0;
  readonly #tags = new Map<string, ShardexIndex>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: HistoryOptions | undefined) {
    const { versions, maxAge, maxBytes } =
      options === undefined ? { versions: 0 } : checkedBounds('history', options);
    this.#most = versions ?? Infinity;
    this.#maxAge = maxAge ?? Infinity;
    this.#maxBytes = maxBytes ?? Infinity;
  }

  /** Adds a superseded version to the ring, with the bytes of the blocks that its successor no longer has. */
  keep(index: ShardexIndex, bytes: number): void {
    if (this.#most === 0) return;
    this.#ring.push({ index, since: performance.now(), bytes });
    this.#bytes += bytes;
    this.#trim();
  }

  /** Whether the ring keeps a version. */
  has(version: number): boolean {
    return this.#ring.some(({ index }) => index.version === version);
  }

  /** Returns all versions from `since` to the current one. */
  from(since: number, current: ShardexIndex): readonly ShardexIndex[] {
    this.#trim();
    if (since === current.version) return [current];
    const first = this.#ring.findIndex(({ index }) => index.version === since);
    if (first < 0) throw this.#notKept(since, current);
    return [...this.#ring.slice(first).map(({ index }) => index), current];
  }

  /** Drops the ring and the tags. Pins stay until their holders release them. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#ring = [];
    this.#bytes = 0;
    this.#tags.clear();
  }

  /** Finds the version with this number or tag. */
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

  /** Numbers of the versions that `at` finds, ascending. */
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

  /** Drops versions beyond the bounds, and sets a timer for the oldest, so that it goes even if no commit comes. */
  #trim(): void {
    const oldest = performance.now() - this.#maxAge;
    const first = this.#ring.findIndex(({ since }) => since > oldest);
    const aged = first < 0 ? this.#ring.length : first;
    let surplus = Math.max(aged, this.#ring.length - this.#most, 0);
    for (let i = 0; i < surplus; i++) this.#bytes -= this.#ring[i].bytes;
    for (; this.#bytes > this.#maxBytes; surplus++) this.#bytes -= this.#ring[surplus].bytes;
    if (surplus > 0) this.#ring = this.#ring.slice(surplus);
    if (this.#maxAge === Infinity || this.#ring.length === 0 || this.#timer !== undefined) return;
    this.#timer = quietTimeout(
      () => {
        this.#timer = undefined;
        this.#trim();
      },
      Math.max(1, Math.ceil(this.#ring[0].since - oldest)),
    );
  }
}

/**
 * Checks bounds on versions, given as the option of this name.
 *
 * @throws {@link InvalidOptionError}
 */
export function checkedBounds<T extends HistoryOptions>(option: string, options: T): T {
  const taken = takeOptions<HistoryOptions>(options, ['versions', 'maxAge', 'maxBytes']);
  const { versions, maxAge, maxBytes } = taken;
  if (versions === undefined && maxAge === undefined && maxBytes === undefined) {
    throw new InvalidOptionError(
      option,
      `${option} needs a bound: versions, maxAge, maxBytes, or several of them.`,
    );
  }
  const bounds = [
    ['versions', versions, 1_000_000],
    ['maxAge', maxAge, option === 'history' ? 0x7fff_ffff : Number.MAX_SAFE_INTEGER],
    ['maxBytes', maxBytes, Number.MAX_SAFE_INTEGER],
  ] as const;
  for (const [name, value, most] of bounds) {
    if (value !== undefined) requireWhole(name, value, 1, most);
  }
  return taken as T;
}
