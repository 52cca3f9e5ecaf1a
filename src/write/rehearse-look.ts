// Rehearses looks, as rehearse-split.ts does splits: the first look of a process took three times as long as later ones.
import { Map as ImmutableMap } from 'immutable';
import type { ShardexConfig } from '../config.js';
import type { PostingKey } from '../errors.js';
import type { Steps } from '../collections/steps.js';
import { DEEP, Looker, type UnfinishedVersion } from '../search/look.js';
import { lenderFor } from '../search/memory/engine.js';
import { CentroidTable, withCentroidsInSteps } from '../version/centroid-table.js';
import { type ShardsOfDocuments, rowsOf } from './rows-of.js';

/** Rehearsals in a lineage. */
const LOOKS = 8;

/** How many looks each lineage has rehearsed. */
const looked = new WeakMap<ShardexConfig, number>();

/**
 * Looks for the first of some postings in its own shard alone, if the lineage has rehearsed few looks. Changes nothing.
 * Time: O(rows of the shard · dimensions).
 */
export function* rehearseLook(
  index: UnfinishedVersion & ShardsOfDocuments,
  keys: readonly PostingKey[],
): Steps<void> {
  const { config } = index;
  const before = looked.get(config) ?? 0;
  if (before >= LOOKS || keys.length === 0) return;
  const row = [...(yield* rowsOf(index, keys.slice(0, 1))).values()].at(0);
  if (row === undefined) return;
  looked.set(config, before + 1);
  const { home } = row;
  const { metric } = config;
  const centroids = yield* withCentroidsInSteps(new CentroidTable([]), metric, new Set(), [home]);
  const alone = { ...index, shards: ImmutableMap([[home.id, home]]), centroids };
  new Looker(alone, lenderFor(config, 1), 1).look(row, 0, DEEP);
}
