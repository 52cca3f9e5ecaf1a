// That the grid judges, takes turns and computes its figures as it says.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matrix, rowOf } from '../../bench/data-sets/matrix.js';
import { apart, nearest } from '../../bench/data-sets/nearest.js';
import type { Nearness } from '../../bench/data-sets/nearness.js';
import type { Built } from '../../bench/engines/engine.js';
import type { Cell } from '../../bench/suites/grid/cell.js';
import {
  exactRatio,
  mostForLess,
  ratioAt,
  ratioToExact,
  rivalAt,
  speedOf,
} from '../../bench/suites/grid/figures.js';
import { heatMapOf } from '../../bench/suites/grid/map.js';
import { foundBy, secondsEach } from '../../bench/suites/grid/rounds.js';
import { judgeOf } from '../../bench/suites/grid/truth.js';

const nearnesses = fc.constantFrom<Nearness>('cosine', 'euclidean', 'dot');
/** Few values, so that many vectors are as near as others. */
const small = (most: number) =>
  fc.array(fc.tuple(fc.integer({ min: -2, max: 2 }), fc.integer({ min: -2, max: 2 })), {
    minLength: 1,
    maxLength: most,
  });
const matrixOf = (vectors: readonly (readonly number[])[]) => matrix(Float32Array.from(vectors.flat()), 2);

describe('the truth that the grid compares with', () => {
  it('is the nearest of all, whatever the number of queries', () => {
    fc.assert(
      fc.property(small(30), small(9), nearnesses, (some, asked, nearness) => {
        const [vectors, queries] = [matrixOf(some), matrixOf(asked)];
        const k = Math.min(3, vectors.rows);
        nearest(vectors, queries, nearness, k).forEach((found, q) => {
          const far = (row: number) => apart(rowOf(vectors, row), rowOf(queries, q), nearness);
          const all = some.map((_, row) => far(row)).sort((a, b) => a - b);
          expect(found.map(far)).toEqual(all.slice(0, k));
        });
      }),
    );
  });

  it('is compared with to the bit, whichever way it was computed', () => {
    const floats = fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: 9, maxLength: 9 });
    const orders = fc.array(fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7, 8], { minLength: 9 }), {
      minLength: 6,
      maxLength: 6,
    });
    fc.assert(
      fc.property(floats, orders, nearnesses, (some, permutations, nearness) => {
        // As near as each other but for rounding, as the queries' components are all the same.
        const vectors = matrix(
          Float32Array.from(permutations.flat(), (place) => some[place]),
          9,
        );
        const queries = matrix(
          Float32Array.from({ length: 5 * 9 }, (_, i) => 0.3 + Math.floor(i / 9)),
          9,
        );
        const judge = judgeOf(vectors, queries, nearness, 6);
        for (let k = 1; k <= 6; k++) {
          // The last query is alone, the others are compared four at a time.
          expect(judge(nearest(vectors, queries, nearness, k), k)).toEqual([1, 1, 1, 1, 1]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('counts what is as near as the last, and nothing twice', () => {
    const vectors = matrixOf([
      [1, 0],
      [0, 1],
      [0, -1],
      [3, 0],
    ]);
    const judge = judgeOf(vectors, matrixOf([[0, 0]]), 'euclidean', 2);
    expect(judge([[1, 2]], 2)).toEqual([1]);
    expect(judge([[0, 2]], 2)).toEqual([1]);
    expect(judge([[2, 2]], 2)).toEqual([0.5]);
    expect(judge([[3, 2]], 2)).toEqual([0.5]);
    expect(judge([[3]], 1)).toEqual([0]);
    const ofThree = judgeOf(vectors, matrixOf([[2, 1]]), 'euclidean', 3);
    // The first and the last are nearest, then comes the second.
    expect([0, 1, 3].map((row) => ofThree([[row]], 1)[0])).toEqual([1, 0, 1]);
    expect([0, 1, 3].map((row) => ofThree([[row]], 2)[0])).toEqual([0.5, 0, 0.5]);
  });
});

describe('the rounds of the grid', () => {
  /** An engine that has one setting for all of its searchers, as some have. */
  function engine(log: string[], name: string): Built {
    let now = '';
    return {
      sweeps: [],
      exact: false,
      searcher(_queries, k, { value }) {
        now = String(value);
        return {
          one(query) {
            log.push(`${name} ${now} ${k} ${query}`);
            return [query];
          },
        };
      },
    };
  }

  it('ask each for all of its queries, at its own setting, by turns', () => {
    const log: string[] = [];
    const [a, b] = [engine(log, 'a'), engine(log, 'b')];
    const queries = [new Float32Array(1), new Float32Array(1)];
    const contenders = [
      { built: a, setting: { knob: 'x', value: 1 }, queries },
      { built: b, setting: { knob: 'x', value: 2 }, queries },
      { built: a, setting: { knob: 'x', value: 3 }, queries: queries.slice(1) },
    ];
    const seconds = secondsEach(contenders, 7);
    expect(seconds).toHaveLength(3);
    expect(seconds.every((each) => each > 0 && Number.isFinite(each))).toBe(true);
    const turns = log.map((line) => line.slice(0, 3)).filter((line, i, all) => line !== all[i - 1]);
    expect(turns.slice(0, 5)).toEqual(['a 1', 'b 2', 'a 3', 'b 2', 'a 1']);
    expect(new Set(log)).toEqual(new Set(['a 1 7 0', 'a 1 7 1', 'b 2 7 0', 'b 2 7 1', 'a 3 7 0']));
  });

  it('look at all queries while there is time, and at the least number in any case', () => {
    const queries = Array.from({ length: 9 }, () => new Float32Array(1));
    const one = { built: engine([], 'a'), setting: { knob: 'x', value: 1 }, queries };
    expect(foundBy(one, 1, 4, Infinity)).toHaveLength(9);
    expect(foundBy(one, 1, 4, -1)).toHaveLength(4);
  });
});

describe('the figures of the grid', () => {
  const answer = (asked: number, recall: number, perSecond: number) => ({
    asked,
    recall,
    error: 0,
    perSecond,
  });
  const point = (recall: number, perSecond: number) => ({ knob: 'ef', value: 1, recall, perSecond });
  const cell: Cell = {
    size: 1000,
    rows: 1000,
    k: 10,
    answers: [answer(0.9, 0.8, 900), answer(0.95, 0.9, 600), answer(0.99, 0.95, 400), answer(1, 1, 100)],
    peers: {
      one: [point(0.9, 200), point(0.95, 100)],
      other: [point(0.9, 100), point(0.95, 500)],
    },
    exact: { ours: 50, theirs: 200 },
    first: { opened: 1, committed: 1 },
  };

  it('are of the recall that was found, not of the one that was asked for', () => {
    expect(speedOf(cell, 0.9)).toBe(600);
    expect(speedOf(cell, 0.95)).toBe(400);
    expect(speedOf(cell, 0.99)).toBeCloseTo(400 ** 0.2 * 100 ** 0.8, 9);
  });

  it('compare with the faster of the peers, by its fastest setting that finds as much', () => {
    expect(rivalAt(cell, 0.9)).toEqual({ name: 'other', perSecond: 500 });
    expect(ratioAt(cell, 0.9)).toBeCloseTo(1.2, 9);
    expect(ratioAt(cell, 0.95)).toBeCloseTo(0.8, 9);
  });

  it('are infinite where no peer finds as much', () => {
    expect(rivalAt(cell, 0.99)).toBeUndefined();
    expect(ratioAt(cell, 0.99)).toBe(Infinity);
  });

  it('are drawn for one k, and what is beyond any number survives a file of JSON', () => {
    const all = [{ name: 'a row', cells: [cell, { ...cell, k: 1 }, { ...cell, size: 3000 }] }];
    const map = heatMapOf(all, 10, [1000]);
    const at = { row: 'a row', column: '1,000' };
    expect(map.panels.map(({ cells }) => cells)).toEqual([
      [{ ...at, ratio: ratioAt(cell, 0.9) }],
      [{ ...at, ratio: ratioAt(cell, 0.95) }],
      [at],
    ]);
    expect(JSON.parse(JSON.stringify(map))).toEqual(map);
  });

  it('compare with exact search, small indexes at the recall that takes longest', () => {
    expect(exactRatio(cell)).toBe(0.25);
    expect(ratioToExact(cell)).toBeCloseTo(speedOf(cell, 0.99) / 200, 9);
    expect(ratioToExact({ ...cell, size: 3000 })).toBeUndefined();
  });

  it('notice where asking for less takes longer, also than asking for much more', () => {
    expect(mostForLess(cell)).toBe(1);
    const [a, b, c, d] = cell.answers;
    const slowly = cell.answers.map((one, i) => ({ ...one, perSecond: 100 + 8 * i }));
    expect(mostForLess({ ...cell, answers: slowly })).toBeCloseTo(1.24, 9);
    expect(mostForLess({ ...cell, answers: [{ ...a, perSecond: 200 }, b, c, d] })).toBe(3);
    expect(
      mostForLess({ ...cell, answers: [a, b, { ...c, perSecond: 500 }, { ...d, perSecond: 800 }] }),
    ).toBeCloseTo(1.6, 9);
  });
});
