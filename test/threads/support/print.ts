import { createHash } from 'node:crypto';
import * as shardex from 'shardex';
import { type ShardexIndex, statistics } from 'shardex';
import { fingerprint } from '../../support/fingerprint.js';
import { QUERIES } from './changes.js';

/** Stands for all that can be observed of a version, down to the last bit of a result. */
export function print(index: ShardexIndex): string {
  const { dimensions } = index.config;
  const queries = QUERIES.map((query) =>
    Array.from({ length: dimensions }, (_, i) => query[i % query.length]),
  );
  const all = [fingerprint(shardex, index, queries), JSON.stringify(statistics(index))];
  const ids = [...index.shards.keys()].sort((a, b) => a - b);
  const hash = createHash('sha256')
    .update([...all, ids.join()].join('\n'))
    .digest('hex');
  return `${index.version} ${hash}`;
}
