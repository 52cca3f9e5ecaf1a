import type { Posting, StoredPosting } from 'shardex';
import { resolveConfig } from '../../src/config.js';
import { postingOfRow } from '../../src/version/posting.js';
import type { FoundRow } from '../../src/search/scan/top-k.js';
import { type RowList, columnsOf } from '../../src/version/row-block.js';
import { type ShardRows, eachLive } from '../../src/version/shard-rows.js';
import { stagePostings } from '../../src/write/staging.js';
import { integerBelow, seeded } from './random.js';

/** Postings as a list of rows, in a block of their own. */
export function listOf(postings: readonly Posting[], dimensions: number): RowList {
  return stagePostings(resolveConfig({ dimensions }), postings);
}

/** Rows with few different ids, at whole distances of which there are so many, so that ties are the rule. */
export function tiedRows(seed: number, count: number, distances: number): FoundRow[] {
  const random = seeded(seed);
  const { blocks, rows } = listOf(
    Array.from({ length: count }, (_, i) => ({
      documentId: `d${integerBelow(random, 12)}`,
      start: integerBelow(random, 4),
      length: i,
      vector: [0],
    })),
    1,
  );
  return blocks.map((block, i) => ({
    distance: integerBelow(random, distances),
    columns: columnsOf(block),
    row: rows[i],
  }));
}

/** The live rows as postings, oldest first. */
export function contentsOf(rows: ShardRows, dimensions: number): StoredPosting[] {
  const found: StoredPosting[] = [];
  eachLive(rows, (columns, row) => {
    found.push(postingOfRow(columns, row, dimensions));
  });
  return found;
}

/** The document ids of the live rows, oldest first. */
export function idsOf(rows: ShardRows): string[] {
  const found: string[] = [];
  eachLive(rows, (columns, row) => {
    found.push(columns.ids.at(row));
  });
  return found;
}
