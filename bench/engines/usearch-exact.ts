// Engine: the exact search of usearch.
import usearch from 'usearch';
import { concatenated } from '../data-sets/matrix.js';
import type { Engine } from './engine.js';
import { metricOf } from './usearch.js';

/** Its search without an index. */
export const engine: Engine = {
  parameters: 'no index',
  build({ values, dimensions }, nearness) {
    const metric = metricOf(nearness);
    return {
      sweeps: [],
      exact: true,
      searcher(queries, k) {
        // It reads from the start of the buffer that a vector lies in, wherever the vector starts.
        const ready = queries.map((query) => query.slice());
        return {
          one: (query) => usearch.exactSearch(values, ready[query], dimensions, k, metric, 1).keys,
          batch(count) {
            const some = concatenated(queries.slice(0, count));
            const { keys } = usearch.exactSearch(values, some.values, dimensions, k, metric, 1);
            return Array.from({ length: count }, (_, query) => keys.subarray(query * k, (query + 1) * k));
          },
        };
      },
    };
  },
};
