// Engine: Vectra.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalIndex } from 'vectra';
import { rowOf } from '../data-sets/matrix.js';
import type { Engine } from './engine.js';

/** A file of JSON that is searched in memory. */
export const engine: Engine = {
  parameters: 'no index',
  // It looks through all items for each one that is inserted, and its file of JSON has to fit into one string.
  most: 10_000,
  async build(vectors) {
    const folder = await mkdtemp(join(tmpdir(), 'vectra-'));
    const index = new LocalIndex(folder);
    await index.createIndex();
    await index.batchInsertItems(
      Array.from({ length: vectors.rows }, (_, row) => ({
        id: String(row),
        vector: [...rowOf(vectors, row)],
      })),
    );
    // What it searches is in memory from now on.
    await rm(folder, { recursive: true });
    return {
      sweeps: [],
      exact: true,
      searcher(queries, k) {
        const ready = queries.map((query) => [...query]);
        return {
          async one(query) {
            const found = await index.queryItems(ready[query], '', k);
            return found.map(({ item: { id } }) => ({ documentId: id }));
          },
        };
      },
    };
  },
};
