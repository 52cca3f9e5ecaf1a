import { createIndex } from 'shardex';
import { expect, test } from 'vitest';
import { createKernels } from '../../src/kernels/create-kernels.js';
import { GROUP } from '../../src/kernels/code-shape.js';
import { CANDIDATES, installEngine } from '../../src/search/memory/engine.js';
import type { RowMeasurer } from '../../src/search/scan/row-measurer.js';
import { Candidates } from '../../src/search/scan/candidates.js';
import { type Columns, columnsOf } from '../../src/version/row-block.js';
import { numbered } from '../support/postings.js';
import { seeded, shuffled } from '../support/random.js';

const D = 16;

/** Candidates of two blocks: `count` of each, with the values 0, 1, 2 … in random places. */
function candidatesOf(count: number): { candidates: Candidates; columns: Columns[]; values: number[] } {
  const index = createIndex(
    { dimensions: D, shardCapacity: 64 },
    numbered(200, (i) => [...Array(D).keys()].map((j) => Math.sin(i * j + i))),
  );
  const engine = installEngine(index.config, createKernels());
  const candidates = new Candidates(engine);
  const columns = [...index.shards.values()].slice(0, 2).map(({ rows }) => columnsOf(rows.segments[0].block));
  const values = shuffled(seeded(3), [...Array(2 * count).keys()]);
  columns.forEach((each, block) => {
    const label = candidates.label(each, GROUP, count);
    const { u32, f32 } = engine.kernels;
    for (let i = 0; i < count; i++) {
      u32[candidates.end / 4] = label + i;
      f32[candidates.end / 4 + 1] = values[block * count + i];
      candidates.count++;
    }
  });
  return { candidates, columns, values };
}

/** The rows that wait, in their order, by block and row. */
function rowsOf(candidates: Candidates, columns: readonly Columns[]): number[][] {
  const rows: number[][] = [];
  const measurer = {
    name: (i: number, of: Columns, row: number) => (rows[i] = [columns.indexOf(of), row]),
  } as unknown as RowMeasurer;
  for (let i = 0; i < candidates.count; i++) candidates.name(i, 0, measurer, i);
  return rows;
}

const valuesOf = (candidates: Candidates): number[] =>
  Array.from({ length: candidates.count }, (_, i) => candidates.valueOf(i));

test('a candidate names the row it was labelled for, whatever order it comes in', () => {
  const { candidates, columns, values } = candidatesOf(20);
  const rowOf = (at: number): number[] => [Math.floor(at / 20), GROUP + (at % 20)];
  expect(rowsOf(candidates, columns)).toEqual(values.map((_, at) => rowOf(at)));
  expect(candidates.order(0, 40, Infinity)).toBe(40);
  expect(valuesOf(candidates)).toEqual([...Array(40).keys()]);
  expect(rowsOf(candidates, columns)).toEqual(
    [...Array(40).keys()].map((value) => rowOf(values.indexOf(value))),
  );
});

test('ordering drops what is beyond the threshold, and sorts the best of the rest behind those that are done', () => {
  const { candidates } = candidatesOf(20);
  expect(candidates.order(0, 5, 30)).toBe(5);
  expect(candidates.count).toBe(31);
  expect(valuesOf(candidates).slice(0, 5)).toEqual([0, 1, 2, 3, 4]);
  expect(candidates.order(5, 100, 10)).toBe(6);
  expect(valuesOf(candidates)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  candidates.drop(4);
  expect(valuesOf(candidates)).toEqual([4, 5, 6, 7, 8, 9, 10]);
});

test('keeping the best sets a limit for those to come', () => {
  const { candidates } = candidatesOf(20);
  candidates.keepBest(100);
  expect([candidates.count, candidates.limit]).toEqual([40, Infinity]);
  candidates.keepBest(7);
  expect(candidates.limit).toBe(6);
  expect(valuesOf(candidates).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

test('once it is cleared, there is room for all again', () => {
  const { candidates } = candidatesOf(20);
  expect(candidates.hasRoom(CANDIDATES - 40)).toBe(true);
  expect(candidates.hasRoom(CANDIDATES - 39)).toBe(false);
  candidates.clear();
  expect([candidates.count, candidates.hasRoom(CANDIDATES)]).toEqual([0, true]);
});
