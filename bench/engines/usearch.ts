import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import usearch, { type Index } from 'usearch';
import type { Nearness } from '../data-sets/nearness.js';
import { DOUBLING, type Engine } from './engine.js';

const { IP, L2sq } = usearch.MetricKind;

export const engine: Engine = {
  parameters: 'connectivity 16, expansionAdd 200, f32',
  build(vectors, nearness) {
    let index = empty(vectors.dimensions, nearness, DOUBLING[0]);
    index.add(
      BigUint64Array.from({ length: vectors.rows }, (_, row) => BigInt(row)),
      vectors.values,
      1,
    );
    return {
      sweeps: [{ knob: 'expansionSearch', values: DOUBLING }],
      exact: false,
      searcher(queries, k, { value }) {
        index = searching(index, vectors.dimensions, nearness, Number(value));
        return {
          one: (query) => index.search(queries[query], k, 1).keys,
          batch(count) {
            const found = index.search(queries.slice(0, count), k, 1);
            return Array.from({ length: count }, (_, query) => found.get(query).keys);
          },
        };
      },
      add(row, vector) {
        index.add(BigInt(row), vector, 1);
      },
    };
  },
};

function empty(dimensions: number, nearness: Nearness, expansionSearch: number): Index {
  return new usearch.Index({
    dimensions,
    metric: metricOf(nearness),
    quantization: usearch.ScalarKind.F32,
    connectivity: 16,
    expansion_add: 200,
    expansion_search: expansionSearch,
    multi: false,
  });
}

/** Cosine would find lengths that are known to be 1 again in every comparison. */
export function metricOf(nearness: Nearness): typeof IP | typeof L2sq {
  return nearness === 'euclidean' ? L2sq : IP;
}

/** The same index with another expansion, which from JavaScript can be set only before it is loaded. */
function searching(from: Index, dimensions: number, nearness: Nearness, expansionSearch: number): Index {
  const folder = mkdtempSync(join(tmpdir(), 'usearch-'));
  try {
    const file = join(folder, 'index');
    from.save(file);
    const index = empty(dimensions, nearness, expansionSearch);
    index.load(file);
    return index;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
