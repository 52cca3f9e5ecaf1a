import { afterEach, describe, expect, test, vi } from 'vitest';
import { NearestRows } from '../../src/search/scan/nearest-rows.js';
import { compareFound } from '../../src/search/scan/top-k.js';
import { tiedRows } from '../support/rows.js';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the nearest rows', () => {
  // 60 seeds, from all equal to hardly any.
  test('are those that sorting all of them finds, in sets of ascending size, however many are equally far', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const all = tiedRows(seed, 120, [1, 2, 5, 40, 1000][seed % 5]);
      const nearest = new NearestRows(16);
      for (const { distance, columns, row } of all)
        if (distance <= nearest.worst) nearest.offer(distance, columns, row);
      const found = nearest.nearest([1, 5, 16]);
      const sorted = [...all].sort(compareFound).map(({ columns }) => columns);
      for (const [from, to] of [
        [0, 1],
        [1, 5],
        [5, 16],
      ])
        expect(new Set(found.slice(from, to))).toEqual(new Set(sorted.slice(from, to)));
    }
  });

  test('are sorted a few times only where all are equally far', () => {
    const [{ columns, row }] = tiedRows(1, 1, 1);
    const nearest = new NearestRows(16);
    const sorts = vi.spyOn(Float64Array.prototype, 'sort');
    for (let i = 0; i < 4096; i++) nearest.offer(1, columns, row);
    // Once for every doubling from 64 on.
    expect(sorts.mock.calls.length).toBe(7);
  });
});
