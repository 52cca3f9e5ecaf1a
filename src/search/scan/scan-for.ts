// Chooses how a search scans its shards: by codes, or measuring every row.
import type { Searchable } from '../../version/searchable.js';
import type { Confidence } from '../confidence.js';
import type { Directory } from '../memory/directory.js';
import type { Engine } from '../memory/engine.js';
import type { Query } from '../memory/query.js';
import { CodeScan } from './code-scan.js';
import { ExactScan } from './exact-scan.js';
import type { RowFilter } from './row-filter.js';
import { isCopied } from './row-copies.js';
import { RowMeasurer } from './row-measurer.js';
import type { ShardScan } from './shard-scan.js';
import { ShortScan } from './short-scan.js';
import type { Kept } from './top-k.js';

/** What {@link scanFor} chooses by. */
export interface ScanOptions {
  readonly engine: Engine | undefined;
  /** How sure it must be that a row is too far before it is passed over. */
  readonly sure: Confidence;
  readonly filter?: RowFilter | undefined;
  /** The directory of the version; without one, segments are read from the shards. */
  readonly directory?: Directory | undefined;
  /** Whether there are enough rows for codes to pay. Default `true`. */
  readonly isEstimated?: boolean;
  /** Whether rows that are all compared are compared in 16 bits. Default `false`. */
  readonly isRough?: boolean;
}

/** Makes a scan for one query, which offers rows to `best`. */
export function scanFor(
  index: Pick<Searchable, 'config' | 'shards'>,
  query: Query,
  best: Kept,
  { engine, sure, filter, directory, isEstimated = true, isRough = false }: ScanOptions,
): ShardScan {
  const measurer = new RowMeasurer(index.config, query, best, filter, engine);
  if (engine === undefined || !query.isBounded) return new ExactScan(index.shards, directory, measurer);
  // A filter may refuse the nearest rows, so none rules out others before it was measured.
  const most = filter === undefined && !best.isDistinct ? best.most : Infinity;
  if (isEstimated) return new CodeScan(index, query, best, engine, sure, directory, measurer, most, isRough);
  return isCopied(engine)
    ? new ShortScan(index, query, best, most, engine, directory, measurer, isRough)
    : new ExactScan(index.shards, directory, measurer);
}
