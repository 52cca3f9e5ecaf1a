import type { Posting, StoredPosting } from 'shardex';
import { resolveConfig } from '../../src/config.js';
import { postingOfRow } from '../../src/version/posting.js';
import type { RowList } from '../../src/version/row-block.js';
import { type ShardRows, eachLive } from '../../src/version/shard-rows.js';
import { stagePostings } from '../../src/write/staging.js';

/** Postings as a list of rows, in a block of their own. */
export function listOf(postings: readonly Posting[], dimensions: number): RowList {
  return stagePostings(resolveConfig({ dimensions }), postings);
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
