import { CowShardexIndex, type Metric, type Posting, type ShardexIndex, createIndex } from 'shardex';
import { numbered } from '../../support/postings.js';
import { clusteredVectors, seeded } from '../../support/random.js';

/** Small shards, so that a few hundred postings make splits, and of two rounds of k-means. */
export const config = (metric: Metric = 'cosine') => ({ dimensions: 4, metric, shardCapacity: 16 }) as const;

/** What is there before: documents `p0`, `p1`, …. */
export function filled(metric?: Metric, count = 150): ShardexIndex {
  const vector = clusteredVectors(seeded(1), 4, 8);
  return createIndex(config(metric), numbered(count, vector));
}

/** What is to be ingested: new documents, others that replace what is there, and some of those twice. */
export function arriving(count = 250): Posting[] {
  const vector = clusteredVectors(seeded(2), 4, 12);
  const added = numbered(count, vector, 'q');
  const replaced = numbered(40, vector);
  return [...added, ...replaced, ...added.slice(0, 5), ...filledAgain(10)];
}

/** Some postings just as they are there already. */
function filledAgain(count: number): Posting[] {
  const vector = clusteredVectors(seeded(1), 4, 8);
  return numbered(150, vector).slice(-count);
}

export function cellOf(index: ShardexIndex): CowShardexIndex {
  return new CowShardexIndex(index);
}

/** As an asynchronous source, which makes one wait a little now and then. */
export async function* streamed(postings: Iterable<Posting>): AsyncGenerator<Posting> {
  let count = 0;
  for (const posting of postings) {
    if (count++ % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    yield posting;
  }
}
