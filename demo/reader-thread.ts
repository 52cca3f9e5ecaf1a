import { type CowShardexIndex, SearchPool } from '../dist/index.js';

/** What a reader in another thread has found. */
export interface Reading {
  /** How many searches it answered. */
  readonly answers: number;
  /** How many versions of the index those were of. */
  readonly versions: number;
  /** Ids of the nearest to each query, of a version at least as new as the one that was current when it was stopped. */
  readonly last: readonly string[];
}

/** Searches in a thread of its own, again and again, until it is stopped. */
export async function startReader(
  cell: CowShardexIndex,
  queries: readonly Float32Array[],
): Promise<() => Promise<Reading>> {
  const pool = await SearchPool.open(cell, { threads: 1 });
  const versions = new Set<number>();
  let answers = 0;
  const stopping = new AbortController();
  const search = async (atLeast = 0): Promise<string[]> => {
    const found = await pool.searchMany(queries, { k: 10 }, { atLeast });
    for (const { version } of found) versions.add(version);
    answers += found.length;
    return found.map(({ results }) => ids(results));
  };
  const searching = (async () => {
    while (!stopping.signal.aborted) await search();
  })();
  return async () => {
    stopping.abort();
    await searching;
    const last = await search(cell.version);
    await pool.close();
    return { answers, versions: versions.size, last };
  };
}

export function ids(results: readonly { readonly documentId: string; readonly distance: number }[]): string {
  return results.map(({ documentId, distance }) => `${documentId} ${distance}`).join('\n');
}
