import { type ShardexIndex, createIndex, update } from 'shardex';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runSteps } from '../../src/collections/steps.js';
import { DraftState } from '../../src/write/draft-state.js';
import { ArrivalsByShard } from '../../src/write/moves.js';
import { numbered } from '../support/postings.js';
import { seeded } from '../support/random.js';
import { expectSound } from '../support/sound.js';

const ids = fc.integer({ min: 0, max: 11 });
const operation = fc.oneof(
  fc.record({ does: fc.constant('add' as const), id: ids, start: fc.nat(3), at: fc.nat(40) }),
  fc.record({ does: fc.constant('remove' as const), id: ids }),
  fc.record({ does: fc.constant('replace' as const), id: ids, count: fc.nat(5), at: fc.nat(40) }),
  fc.record({ does: fc.constant('batch' as const), start: fc.nat(3), at: fc.nat(40) }),
  fc.record({ does: fc.constant('look' as const) }),
);

test('a draft knows at any time which documents it has, however its rows have come, moved and gone', () => {
  const nameOf = (id: number) => `d${id}`;
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const naive = new Map<number, Set<number>>();
      const config = { dimensions: 1, metric: 'euclidean', shardCapacity: 8 } as const;
      const index = update(createIndex(config), (draft) => {
        for (const op of operations) {
          if (op.does === 'look') {
            expectSound(draft.preview());
          } else if (op.does === 'add') {
            draft.addPosting({ documentId: nameOf(op.id), start: op.start, length: 1, vector: [op.at] });
            naive.set(op.id, (naive.get(op.id) ?? new Set()).add(op.start));
          } else if (op.does === 'batch') {
            // More than twice what a shard holds come to one place or two, so that one shard is split or two are.
            draft.addPostings(
              Array.from({ length: 40 }, (_, i) => ({
                documentId: nameOf(i % 12),
                start: 4 + (i % 20) + 20 * op.start,
                length: 1,
                vector: [op.at + (op.start % 2) * (i % 2) * 20 + i / 40],
              })),
            );
            for (let i = 0; i < 40; i++)
              naive.set(i % 12, (naive.get(i % 12) ?? new Set()).add(4 + (i % 20) + 20 * op.start));
          } else if (op.does === 'remove') {
            draft.removeDocument(nameOf(op.id));
            naive.delete(op.id);
          } else {
            const starts = Array.from({ length: op.count }, (_, start) => start);
            draft.replaceDocument(
              nameOf(op.id),
              starts.map((start) => ({
                documentId: nameOf(op.id),
                start,
                length: 1,
                vector: [op.at + start],
              })),
            );
            if (op.count > 0) naive.set(op.id, new Set(starts));
            else naive.delete(op.id);
          }
          for (let id = 0; id < 12; id++) expect(draft.has(nameOf(id))).toBe(naive.has(id));
        }
      });
      expectSound(index);
      expect(index.documentCount).toBe(naive.size);
      expect(index.postingCount).toBe([...naive.values()].reduce((sum, starts) => sum + starts.size, 0));
    }),
    { numRuns: 300 },
  );
});

/** An index whose documents have postings in several shards each. */
function spread(): ShardexIndex {
  const random = seeded(1);
  return createIndex(
    { dimensions: 2, metric: 'euclidean', shardCapacity: 16 },
    numbered(200, () => [random(), random()]).map((posting, i) => ({
      ...posting,
      documentId: `d${i % 30}`,
      start: i,
      length: 1,
    })),
  );
}

test('each operation of a draft’s state leaves a sound version by itself', () => {
  const index = spread();
  const state = new DraftState(index);
  const [first, second] = [...index.shards.keys()];
  let turn = 0;
  expect(state.bury(first, () => turn++ % 2 === 0)).toBeGreaterThan(0);
  expectSound(state.finish());

  // All rows of one shard go to another, which is farther: only I6 does not hold then.
  const moving = new DraftState(index);
  const arrivals = new ArrivalsByShard();
  for (const { block, visible } of moving.shard(second).rows.segments)
    for (let row = 0; row < visible; row++) arrivals.of(first).push(block, row, 0);
  const replacement = runSteps(moving.replacement(new Set([second]), []));
  expect(moving.centroids).toBe(index.centroids);
  runSteps(moving.rearrange({ arrivals, replacement }));
  const moved = moving.finish();
  expect(moved.postingCount).toBe(index.postingCount);
  expect(moved.documentCount).toBe(index.documentCount);
  expect(moved.shardCount).toBe(index.shardCount - 1);
  expect(moved.centroids.size).toBe(moved.shardCount);
  expect([...moved.documents.value.keys()].every((id) => documentIsWhereRowsAre(moved, id))).toBe(true);
});

function documentIsWhereRowsAre(index: ShardexIndex, documentId: string): boolean {
  const entry = index.documents.value.get(documentId);
  const shards = typeof entry === 'number' ? [entry] : entry;
  return shards?.every((id) => index.shards.has(id)) === true;
}
