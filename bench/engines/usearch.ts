// Engine: usearch.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import usearch, { type Index } from 'usearch';
import type { Matrix } from '../data-sets/matrix.js';
import type { Nearness } from '../data-sets/nearness.js';
import { DOUBLING, type Engine } from './engine.js';

const { IP, L2sq } = usearch.MetricKind;

const PARAMETERS = 'connectivity 16, expansionAdd 200, f32';

export const engine: Engine = {
  parameters: PARAMETERS,
  build(vectors, nearness) {
    let index = filled(vectors, nearness);
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

/**
 * The same with a copy for each expansion, all there until something is added: settings can be measured by turns, and cost
 * the memory of an index each.
 */
export const engineOfCopies: Engine = {
  parameters: PARAMETERS,
  build(vectors, nearness) {
    const index = filled(vectors, nearness);
    const copies = new Map<number, Index>();
    return {
      sweeps: [{ knob: 'expansionSearch', values: DOUBLING }],
      exact: false,
      searcher(queries, k, { value }) {
        const expansion = Number(value);
        const copy = copies.get(expansion) ?? searching(index, vectors.dimensions, nearness, expansion);
        copies.set(expansion, copy);
        return { one: (query) => copy.search(queries[query], k, 1).keys };
      },
      add(row, vector) {
        copies.clear();
        index.add(BigInt(row), vector, 1);
      },
    };
  },
};

function filled(vectors: Matrix, nearness: Nearness): Index {
  const index = empty(vectors.dimensions, nearness, DOUBLING[0]);
  const keys = BigUint64Array.from({ length: vectors.rows }, (_, row) => BigInt(row));
  index.add(keys, vectors.values, 1);
  return index;
}

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
