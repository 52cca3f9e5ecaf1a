import { describe, expect, test } from 'vitest';
import { keyOfRow } from '../../src/version/posting.js';
import { bestRows } from '../../src/search/scan/sorted-rows.js';
import { type Best, type FoundRow, TopK, compareFound } from '../../src/search/scan/top-k.js';
import { seeded, shuffled } from '../support/random.js';
import { tiedRows } from '../support/rows.js';

function kept(best: Best): unknown[] {
  return best
    .sorted()
    .map(({ distance, columns, row }) => ({ distance, ...(keyOfRow(columns, row) as object) }));
}

/** Whether a heap keeps the rows, or what a search takes for so many. */
type Make = (k: number, distinct: boolean) => Best;

const MAKERS: Readonly<Record<string, Make>> = {
  'a heap': (k, distinct) => new TopK(k, distinct),
  'as a search does': bestRows,
};

function fill(make: Make, k: number, distinct: boolean, offers: readonly FoundRow[]): Best {
  const best = make(k, distinct);
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

const CASES = Object.keys(MAKERS).flatMap((name) => [false, true].map((distinct) => ({ name, distinct })));

describe.each(CASES)('the best k ($name, distinct documents: $distinct)', ({ name, distinct }) => {
  const make = MAKERS[name];

  test.each([1, 2, 3, 5, 12, 40, 300])('with k = %i are what sorting keeps, in any order of offers', (k) => {
    const offers = tiedRows(k, 250, 9);
    for (let seed = 0; seed < 8; seed++) {
      const order = shuffled(seeded(seed), offers);
      expect(kept(fill(make, k, distinct, order))).toEqual(sorted(k, distinct, offers));
    }
    for (const order of [[...offers].sort(compareFound), [...offers].sort(compareFound).reverse()]) {
      expect(kept(fill(make, k, distinct, order))).toEqual(sorted(k, distinct, offers));
    }
  });

  test('may be none', () => {
    expect(kept(make(3, distinct))).toEqual([]);
  });

  // A search leaves rows out by this bound, unseen: it must never rule out one that would be kept.
  test('keep what may not be left out', () => {
    const offers = tiedRows(99, 250, 9);
    const best = make(10, distinct);
    for (const { distance, columns, row } of offers) {
      if (distance <= best.worst) best.offer(distance, columns, row);
    }
    expect(kept(best)).toEqual(sorted(10, distinct, offers));
  });
});

test.each(Object.entries(MAKERS))(
  'the bound is infinite until k are kept, then the distance of the worst: %s',
  (_, make) => {
    const [a, b, c] = tiedRows(1, 3, 9);
    const best = make(2, false);
    expect(best.worst).toBe(Infinity);
    best.offer(5, a.columns, a.row);
    expect(best.worst).toBe(Infinity);
    best.offer(3, b.columns, b.row);
    expect(best.worst).toBe(5);
    best.offer(1, c.columns, c.row);
    expect(best.worst).toBe(3);
  },
);

test.each(Object.entries(MAKERS))(
  'rows are kept by their ranks and given by their distances: %s',
  (_, make) => {
    const offers = tiedRows(5, 40, 9);
    const best = make(10, false);
    const ranks = offers.map((_offer, i) => ((7 * i) % 40) / 8);
    offers.forEach(({ columns, row }, i) => {
      best.offer(ranks[i] / 2 + (i % 3) / 9, columns, row, ranks[i]);
    });
    const wanted = offers
      .map(({ columns, row }, i) => ({ distance: ranks[i] / 2 + (i % 3) / 9, columns, row, rank: ranks[i] }))
      .sort((a, b) => a.rank - b.rank)
      .slice(0, 10)
      .sort(compareFound);
    expect(best.sorted()).toEqual(wanted);
  },
);
