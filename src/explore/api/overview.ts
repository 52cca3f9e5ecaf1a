/*
 * What is explored: a cell or a store, its configuration, its branches and tags, and what may be written.
 */

import type { ShardexConfig } from '../../index.js';
import type { Branch } from '../../store/index.js';
import type { Versions } from '../versions.js';
import { tagsIn } from './history.js';

/** What is explored. */
export interface Overview {
  readonly kind: 'cell' | 'store';
  /** The version that is current. */
  readonly version: number;
  readonly postings: number;
  readonly documents: number;
  readonly shards: number;
  readonly config: Pick<ShardexConfig, 'dimensions' | 'metric' | 'shardCapacity'>;
  readonly branches: readonly Branch[];
  readonly tags: readonly { readonly name: string; readonly version: number }[];
  readonly mayWrite: boolean;
}

/** Says what is explored. Time: O(branches + tags). */
export async function overviewOf(versions: Versions, mayWrite: boolean): Promise<Overview> {
  const { version, postingCount, documentCount, shardCount, config } = versions.cell.read();
  const { dimensions, metric, shardCapacity } = config;
  const branches = await versions.branches();
  return {
    kind: versions.store === undefined ? 'cell' : 'store',
    ...{ version, postings: postingCount, documents: documentCount, shards: shardCount },
    config: { dimensions, metric, shardCapacity },
    branches,
    tags: [...tagsIn(versions.cell)].map(([name, of]) => ({ name, version: of })),
    mayWrite,
  };
}
