// The definitions that the suite of filters goes by, with what they are filtered by, and what is to be found.
import { quantile } from 'd3-array';
import { randomLcg } from 'd3-random';
import { CowShardexIndex, createIndex, distance, type Filter } from '../../../dist/index.js';
import type { DataSet } from '../../data-sets/data-set.js';
import { rowOf } from '../../data-sets/matrix.js';
import type { Drawn, Wanted } from '../../engines/filtered.js';

export const K = 10;

/** Draws what the documents are filtered by. */
export function drawnFor({ vectors }: DataSet): Drawn[] {
  const random = randomLcg(0.7);
  const pivot = rowOf(vectors, 0);
  const far = Float64Array.from({ length: vectors.rows }, (_, row) =>
    distance('cosine', pivot, rowOf(vectors, row)),
  );
  const order = [...far.keys()].sort((a, b) => far[a] - far[b]);
  const places = new Float64Array(vectors.rows);
  order.forEach((row, rank) => (places[row] = rank / vectors.rows));
  return Array.from(places, (place) => {
    const chance = random();
    return { chance, bare: chance, place };
  });
}

/** A cell with a document for each of the first rows. */
export function cellOf(
  { vectors }: DataSet,
  drawn: readonly Drawn[],
  indexed: readonly (keyof Drawn)[] = ['chance', 'place'],
): CowShardexIndex<Drawn> {
  const cell = new CowShardexIndex(createIndex<Drawn>({ dimensions: vectors.dimensions, indexed }));
  cell.update((draft) => {
    draft.putDocuments(
      drawn.map((metadata, row) => ({
        documentId: String(row),
        metadata,
        postings: [{ vector: rowOf(vectors, row) }],
      })),
    );
  });
  return cell;
}

/** The documents of which so large a share passes, by chance or by place. */
export function wantedOf(drawn: readonly Drawn[], field: Wanted['field'], share: number): Wanted {
  return { field, share, passing: new Set(drawn.flatMap((one, row) => (one[field] < share ? [row] : []))) };
}

export function whereOf({ field, share }: Pick<Wanted, 'field' | 'share'>): Filter<Drawn> {
  return field === 'chance' ? { chance: { $lt: share } } : { place: { $lt: share } };
}

/** The rows that are truly the nearest of those that pass. */
export function nearestOf({ vectors }: DataSet, { passing }: Wanted, query: Float32Array): number[] {
  const rows = [...passing];
  const far = rows.map((row) => distance('cosine', query, rowOf(vectors, row)));
  const limit = quantile(far, Math.min(1, (4 * K) / far.length)) ?? Infinity;
  return [...far.keys()]
    .filter((i) => far[i] <= limit)
    .sort((a, b) => far[a] - far[b])
    .slice(0, K)
    .map((i) => rows[i]);
}

/** The share of what is to be found that was found. */
export function recallOf(
  found: readonly (readonly number[])[],
  truth: readonly (readonly number[])[],
): number {
  let hits = 0;
  let all = 0;
  truth.forEach((nearest, q) => {
    const wanted = new Set(nearest);
    all += wanted.size;
    hits += found[q].filter((row) => wanted.has(row)).length;
  });
  return hits / all;
}

/** µs that all rounds take at least, so that short ones run as compiled code. */
const ALL_ROUNDS = 5e5;

/** Microseconds of the processor that one of `count` takes, the least of some rounds. Everything has run before. */
export async function timeOf(run: () => unknown, count: number): Promise<number> {
  let least = Infinity;
  for (let all = 0; all < ALL_ROUNDS;) {
    const before = process.cpuUsage();
    const running = run();
    if (running instanceof Promise) await running;
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, user + system);
    all += user + system;
  }
  return least / count;
}

/** Milliseconds of the processor that something takes that is done once. */
export function once(run: () => unknown): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
