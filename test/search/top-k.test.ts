import { describe, expect, test } from 'vitest';
import { columnsOf } from '../../src/version/row-block.js';
import { keyOfRow } from '../../src/version/posting.js';
import { type FoundRow, TopK, compareFound } from '../../src/search/scan/top-k.js';
import { integerBelow, seeded, shuffled } from '../support/random.js';
import { listOf } from '../support/rows.js';

/** Candidates with few different distances and ids, so that ties are the rule. */
function candidates(seed: number, count: number): FoundRow[] {
  const random = seeded(seed);
  const { blocks, rows } = listOf(
    Array.from({ length: count }, (_, i) => ({
      documentId: `d${integerBelow(random, 12)}`,
      start: integerBelow(random, 4),
      length: i,
      vector: [0],
    })),
    1,
  );
  return blocks.map((block, i) => ({
    distance: integerBelow(random, 9) / 8,
    columns: columnsOf(block),
    row: rows[i],
  }));
}

function kept(best: TopK): unknown[] {
  return best
    .sorted()
    .map(({ distance, columns, row }) => ({ distance, ...(keyOfRow(columns, row) as object) }));
}

function fill(k: number, distinct: boolean, offers: readonly FoundRow[]): TopK {
  const best = new TopK(k, distinct);
  for (const { distance, columns, row } of offers) best.offer(distance, columns, row);
  return best;
}

/** What sorting everything would keep. */
function sorted(k: number, distinct: boolean, offers: readonly FoundRow[]): unknown[] {
  const seen = new Set<string>();
  return [...offers]
    .sort(compareFound)
    .map(({ distance, columns, row }) => ({ distance, ...keyOfRow(columns, row) }))
    .filter(({ documentId }) => !distinct || (!seen.has(documentId) && seen.add(documentId)))
    .slice(0, k);
}

describe.each([false, true])('the best k (distinct documents: %s)', (distinct) => {
  test.each([1, 2, 3, 5, 12, 40, 300])('with k = %i are what sorting keeps, in any order of offers', (k) => {
    const offers = candidates(k, 250);
    for (let seed = 0; seed < 8; seed++) {
      const order = shuffled(seeded(seed), offers);
      expect(kept(fill(k, distinct, order))).toEqual(sorted(k, distinct, offers));
    }
    for (const order of [[...offers].sort(compareFound), [...offers].sort(compareFound).reverse()]) {
      expect(kept(fill(k, distinct, order))).toEqual(sorted(k, distinct, offers));
    }
  });

  test('may be none', () => {
    expect(kept(new TopK(3, distinct))).toEqual([]);
  });

  // A search leaves rows out by this bound, unseen: it must never rule out one that would be kept.
  test('keep what may not be left out', () => {
    const offers = candidates(99, 250);
    const best = new TopK(10, distinct);
    for (const { distance, columns, row } of offers) {
      if (distance <= best.worst) best.offer(distance, columns, row);
    }
    expect(kept(best)).toEqual(sorted(10, distinct, offers));
  });
});

test('the bound is infinite until k are kept, then the distance of the worst', () => {
  const [a, b, c] = candidates(1, 3);
  const best = new TopK(2, false);
  expect(best.worst).toBe(Infinity);
  best.offer(5, a.columns, a.row);
  expect(best.worst).toBe(Infinity);
  best.offer(3, b.columns, b.row);
  expect(best.worst).toBe(5);
  best.offer(1, c.columns, c.row);
  expect(best.worst).toBe(3);
});
