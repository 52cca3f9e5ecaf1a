// Engine: hnswlib-node.
import hnswlib from 'hnswlib-node';
import { rowOf } from '../data-sets/matrix.js';
import { DOUBLING, type Engine } from './engine.js';

export const engine: Engine = {
  parameters: 'M 16, efConstruction 200',
  build(vectors, nearness, room) {
    // Its cosine space would scale every vector and query to length 1, which these have.
    const index = new hnswlib.HierarchicalNSW(nearness === 'euclidean' ? 'l2' : 'ip', vectors.dimensions);
    index.initIndex({ maxElements: vectors.rows + room, m: 16, efConstruction: 200 });
    for (let row = 0; row < vectors.rows; row++) index.addPoint([...rowOf(vectors, row)], row);
    return {
      sweeps: [{ knob: 'efSearch', values: DOUBLING }],
      exact: false,
      searcher(queries, k, { value }) {
        index.setEf(Number(value));
        const ready = queries.map((query) => [...query]);
        return { one: (query) => index.searchKnn(ready[query], k).neighbors };
      },
      add(row, vector) {
        index.addPoint([...vector], row);
      },
    };
  },
};
