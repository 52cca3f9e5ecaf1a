/*
 * The versions of what is explored: found where they are, in memory or in a log, on any branch, and kept for as long as the page
 * looks at them. Two that are compared are had so that they share what did not change.
 */

import {
  InvalidOptionError,
  type Pin,
  type ReadableCell,
  type ShardexIndex,
  VersionNotKeptError,
} from '../index.js';
import type { Branch, Store } from '../store/index.js';
import { Refusal } from './refusal.js';

/** A version, as the page names it. Without a branch it is on that of the store; without a number it is the newest one. */
export interface Ref {
  readonly branch?: string | undefined;
  readonly version?: number | undefined;
}

/** Two versions to be compared. */
export interface Pair {
  readonly shown: ShardexIndex;
  readonly against: ShardexIndex | undefined;
  /** Whether what did not change is the same in both; not where the log leads from neither to the other. */
  readonly isComparable: boolean;
}

/** Versions that are kept for the page, the last ones it looked at. */
const KEPT = 6;

/** Finds versions. */
export class Versions {
  readonly cell: ReadableCell;
  /** The same, where it is a store. */
  readonly store: Store | undefined;
  readonly #branches = new Map<string, Promise<Store>>();
  readonly #pins = new Map<number, Pin>();
  readonly #loaded = new Map<string, Promise<ShardexIndex>>();

  constructor(cell: ReadableCell) {
    this.cell = cell;
    this.store = isStore(cell) ? cell : undefined;
  }

  /** The store on a branch; opened when it is first asked for. Time: as opening a store. */
  async on(branch: string | undefined): Promise<Store | undefined> {
    const { store } = this;
    if (branch === undefined) return store;
    if (store === undefined)
      throw new Refusal(400, 'NO_BRANCHES', 'A cell has no branches; only a store has.');
    const branches = await store.branches();
    if (branches.find(({ isCurrent }) => isCurrent)?.name === branch) return store;
    let opened = this.#branches.get(branch);
    if (opened === undefined) {
      opened = store.branch(branch);
      this.#branches.set(branch, opened);
      opened.catch(() => this.#branches.delete(branch));
    }
    return opened;
  }

  /** Finds a version. Time: O(1) in memory, else as opening a store. @throws {@link VersionNotKeptError} */
  async find(ref: Ref): Promise<ShardexIndex> {
    const store = await this.on(ref.branch);
    return this.#inMemory(store ?? this.cell, ref) ?? (await this.#load(store, ref));
  }

  /** Finds two versions to be compared. Time: as {@link find}, and O(bytes of the commits between them). */
  async pair(shown: Ref, against: Ref | undefined): Promise<Pair> {
    if (against === undefined)
      return { shown: await this.find(shown), against: undefined, isComparable: true };
    const [a, b] = await Promise.all([this.on(shown.branch), this.on(against.branch)]);
    const [here, there] = [this.#inMemory(a ?? this.cell, shown), this.#inMemory(b ?? this.cell, against)];
    if (here !== undefined && there !== undefined && (a === b || a === undefined))
      return { shown: here, against: there, isComparable: true };
    if (a === undefined || b === undefined) {
      const [first, second] = await Promise.all([this.find(shown), this.find(against)]);
      return { shown: first, against: second, isComparable: true };
    }
    return this.#fromLog([a, shown], [b, against]);
  }

  /** Branches of a store, the main one first; none of a cell. */
  async branches(): Promise<readonly Branch[]> {
    return (await this.store?.branches()) ?? [];
  }

  /** Lets go of everything. */
  async close(): Promise<void> {
    for (const pin of this.#pins.values()) pin.release();
    this.#pins.clear();
    this.#loaded.clear();
    const opened = await Promise.allSettled(this.#branches.values());
    await Promise.all(opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value.close()] : [])));
  }

  /** A version that a cell keeps, pinned, as nothing else might keep it for the next request. */
  #inMemory(cell: ReadableCell, { version = cell.version }: Ref): ShardexIndex | undefined {
    try {
      const index = cell.at(version);
      if (cell === this.cell && !cell.isClosed) this.#pin(version);
      return index;
    } catch (error) {
      if (error instanceof VersionNotKeptError && isStore(cell)) return undefined;
      throw error;
    }
  }

  #pin(version: number): void {
    const known = this.#pins.get(version);
    this.#pins.delete(version);
    this.#pins.set(version, known ?? this.cell.pin({ label: 'explorer', version }));
    drop(this.#pins, (pin) => {
      pin.release();
    });
  }

  #load(store: Store | undefined, { branch, version }: Ref): Promise<ShardexIndex> {
    if (store === undefined || version === undefined)
      throw new Refusal(404, 'VERSION_NOT_KEPT', 'That version is kept no more.');
    return this.#cached(`${version} ${branch ?? ''}`, () => store.load(version));
  }

  /** Makes both on top of the newest version that both come from. */
  async #fromLog([a, shown]: readonly [Store, Ref], [b, against]: readonly [Store, Ref]): Promise<Pair> {
    const [to, from] = [shown.version ?? a.version, against.version ?? b.version];
    const isOneBranch = a === b;
    const common = isOneBranch
      ? Math.min(to, from)
      : commonVersion(await this.branches(), [shown, to], [against, from]);
    try {
      const base = await this.find({ ...shown, version: common });
      const on = (store: Store, { branch = '' }: Ref, version: number): Promise<ShardexIndex> =>
        version === base.version
          ? Promise.resolve(base)
          : this.#cached(`${version} ${branch} on ${base.fingerprint}`, () =>
              store.load(version, { since: base }),
            );
      const [first, second] = await Promise.all([on(a, shown, to), on(b, against, from)]);
      return { shown: first, against: second, isComparable: true };
    } catch (error) {
      if (!(error instanceof VersionNotKeptError) && !(error instanceof InvalidOptionError)) throw error;
      const [first, second] = await Promise.all([this.find(shown), this.find(against)]);
      return { shown: first, against: second, isComparable: false };
    }
  }

  #cached(key: string, make: () => Promise<ShardexIndex>): Promise<ShardexIndex> {
    const known = this.#loaded.get(key) ?? make();
    this.#loaded.delete(key);
    this.#loaded.set(key, known);
    known.catch(() => this.#loaded.delete(key));
    drop(this.#loaded, () => undefined);
    return known;
  }
}

/** The newest version that two branches have in common, of what comes before two of their versions. */
export function commonVersion(
  branches: readonly Branch[],
  [one, oneVersion]: readonly [Ref, number],
  [other, otherVersion]: readonly [Ref, number],
): number {
  const current = branches.find(({ isCurrent }) => isCurrent)?.name;
  const before = wayBack(branches, one.branch ?? current, oneVersion);
  for (const { branch, version } of wayBack(branches, other.branch ?? current, otherVersion)) {
    const met = before.find((step) => step.branch === branch);
    if (met !== undefined) return Math.min(met.version, version);
  }
  return 0;
}

/** The branches that a version comes from, its own first, each with the newest version on it that it has. */
function wayBack(
  branches: readonly Branch[],
  branch: string | undefined,
  version: number,
): readonly { readonly branch: string; readonly version: number }[] {
  if (branch === undefined) return [];
  const start = branches.find(({ name }) => name === branch)?.start;
  const before = start === undefined ? [] : wayBack(branches, start.branch, Math.min(start.version, version));
  return [{ branch, version }, ...before];
}

function isStore(cell: ReadableCell): cell is Store {
  const { log, load, branches } = cell as Partial<Pick<Store, 'log' | 'load' | 'branches'>>;
  return typeof log === 'function' && typeof load === 'function' && typeof branches === 'function';
}

/** Drops what was added first, beyond what is kept. */
function drop<K, V>(map: Map<K, V>, dropped: (value: V) => void): void {
  for (const [key, value] of map) {
    if (map.size <= KEPT) return;
    map.delete(key);
    dropped(value);
  }
}
