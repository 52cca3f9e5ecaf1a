/*
 * The versions of a store or a cell, newest first, with what is known of each: who made it, when, what for; and its tags.
 */

import { type ReadableCell, type ShardexIndex, VersionNotKeptError, diff } from '../../index.js';
import type { LogEntry, Store } from '../../store/index.js';
import type { Ref, Versions } from '../versions.js';
import type { DifferenceCounts } from './difference.js';

/** A version in a list of them. */
export interface ListedVersion extends Partial<LogEntry> {
  readonly version: number;
  readonly tags: readonly string[];
  /** Whether it is in memory. */
  readonly isInMemory: boolean;
}

/** A part of a history. */
export interface History {
  readonly versions: readonly ListedVersion[];
  /** Whether there are older ones. */
  readonly hasMore: boolean;
}

/** Lists versions before one. Time: O(versions listed), of a cell O(versions that it keeps). */
export async function historyOf(
  versions: Versions,
  {
    branch,
    before,
    limit,
  }: { readonly branch?: string | undefined; readonly before?: number | undefined; readonly limit: number },
): Promise<History> {
  const store = await versions.on(branch);
  if (store === undefined) return ofCell(versions, before, limit);
  return ofStore(store, before, limit);
}

async function ofStore(store: Store, before: number | undefined, limit: number): Promise<History> {
  const entries = await store.log({ limit: limit + 1, ...(before !== undefined && { before }) });
  const inMemory = new Set(store.versions());
  const listed = entries.map((entry) => ({
    ...entry,
    isInMemory: inMemory.has(entry.version),
  }));
  // The version that a store begins with is in no log.
  const isFirst = entries.length === 0 && (before ?? Infinity) > store.version;
  const first = isFirst
    ? [{ version: store.version, tags: tagsOf(store.tags(), store.version), isInMemory: true }]
    : [];
  return { versions: [...listed.slice(0, limit), ...first], hasMore: entries.length > limit };
}

function ofCell(versions: Versions, before = Infinity, limit: number): History {
  const { cell } = versions;
  const tags = tagsIn(cell);
  const all = cell.versions().filter((version) => version < before);
  const listed = all.slice(-limit).reverse();
  return {
    versions: listed.map((version) => ({ version, tags: tagsOf(tags, version), isInMemory: true })),
    hasMore: all.length > limit,
  };
}

/** The tags of a cell; none of one that has none. */
export function tagsIn(cell: ReadableCell): ReadonlyMap<string, number> {
  return (cell as Partial<Pick<Store, 'tags'>>).tags?.() ?? new Map<string, number>();
}

function tagsOf(tags: ReadonlyMap<string, number>, version: number): string[] {
  return [...tags].filter(([, of]) => of === version).map(([name]) => name);
}

/** What a version changed since another one. */
export interface ListedChange extends DifferenceCounts {
  readonly version: number;
  readonly since: number;
}

/**
 * Counts what each of some versions changed since the one before it in the list, newest first. Time: O(rows of the shards that
 * differ), and of versions in a log as loading the oldest and O(bytes of the commits since then). Versions that are gone are left
 * out.
 */
export async function changesOf(
  versions: Versions,
  branch: string | undefined,
  numbers: readonly number[],
): Promise<ListedChange[]> {
  const found: ListedChange[] = [];
  const ascending = [...numbers].sort((a, b) => a - b);
  let before: ShardexIndex | undefined;
  for (const version of ascending) {
    const next = await following(versions, { branch, version }, before);
    if (before !== undefined && next !== undefined) {
      const { added, removed, updated, records } = diff(before, next);
      const counts = {
        added: added.length,
        removed: removed.length,
        updated: updated.length,
        records: records.length,
      };
      found.unshift({ version, since: before.version, ...counts });
    }
    before = next;
  }
  return found;
}

/** A version on top of the one before it, if it is not in memory; `undefined` where it is gone. */
async function following(
  versions: Versions,
  ref: Ref,
  before: ShardexIndex | undefined,
): Promise<ShardexIndex | undefined> {
  try {
    if (before === undefined) return await versions.find(ref);
    const store = await versions.on(ref.branch);
    const { version = 0 } = ref;
    const inMemory = (store ?? versions.cell).versions().includes(version);
    if (store === undefined || (inMemory && store.versions().includes(before.version)))
      return await versions.find(ref);
    return await store.load(version, { since: before });
  } catch (error) {
    if (error instanceof VersionNotKeptError) return undefined;
    throw error;
  }
}
