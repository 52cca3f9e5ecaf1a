import { createIndex } from 'shardex';
import { expect, test } from 'vitest';
import { createKernels } from '../../src/kernels/create-kernels.js';
import { GROUP } from '../../src/kernels/code-shape.js';
import { CANDIDATES, installEngine } from '../../src/search/memory/engine.js';
import type { RowMeasurer } from '../../src/search/scan/row-measurer.js';
import { Waiting } from '../../src/search/scan/waiting.js';
import { type Columns, columnsOf } from '../../src/version/row-block.js';
import { numbered } from '../support/postings.js';
import { seeded, shuffled } from '../support/random.js';

const D = 16;

/** Candidates of two blocks: `count` of each, with the values 0, 1, 2 … in random places. */
function waitingOf(count: number): { waiting: Waiting; columns: Columns[]; values: number[] } {
  const index = createIndex(
    { dimensions: D, shardCapacity: 64 },
    numbered(200, (i) => [...Array(D).keys()].map((j) => Math.sin(i * j + i))),
  );
  const engine = installEngine(index.config, createKernels());
  const waiting = new Waiting(engine);
  const columns = [...index.shards.values()].slice(0, 2).map(({ rows }) => columnsOf(rows.segments[0].block));
  const values = shuffled(seeded(3), [...Array(2 * count).keys()]);
  columns.forEach((each, block) => {
    const label = waiting.label(each, GROUP, count);
    const { u32, f32 } = engine.kernels;
    for (let i = 0; i < count; i++) {
      u32[waiting.end / 4] = label + i;
      f32[waiting.end / 4 + 1] = values[block * count + i];
      waiting.count++;
    }
  });
  return { waiting, columns, values };
}

/** The rows that wait, in their order, by block and row. */
function rowsOf(waiting: Waiting, columns: readonly Columns[]): number[][] {
  const rows: number[][] = [];
  const measurer = {
    name: (i: number, of: Columns, row: number) => (rows[i] = [columns.indexOf(of), row]),
  } as unknown as RowMeasurer;
  for (let i = 0; i < waiting.count; i++) waiting.name(i, 0, measurer, i);
  return rows;
}

const valuesOf = (waiting: Waiting): number[] =>
  Array.from({ length: waiting.count }, (_, i) => waiting.valueOf(i));

test('a candidate names the row it was labelled for, whatever order it comes in', () => {
  const { waiting, columns, values } = waitingOf(20);
  const rowOf = (at: number): number[] => [Math.floor(at / 20), GROUP + (at % 20)];
  expect(rowsOf(waiting, columns)).toEqual(values.map((_, at) => rowOf(at)));
  expect(waiting.order(0, 40, Infinity)).toBe(40);
  expect(valuesOf(waiting)).toEqual([...Array(40).keys()]);
  expect(rowsOf(waiting, columns)).toEqual(
    [...Array(40).keys()].map((value) => rowOf(values.indexOf(value))),
  );
});

test('ordering drops what is beyond the threshold, and sorts the best of the rest behind those that are done', () => {
  const { waiting } = waitingOf(20);
  expect(waiting.order(0, 5, 30)).toBe(5);
  expect(waiting.count).toBe(31);
  expect(valuesOf(waiting).slice(0, 5)).toEqual([0, 1, 2, 3, 4]);
  expect(waiting.order(5, 100, 10)).toBe(6);
  expect(valuesOf(waiting)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  waiting.drop(4);
  expect(valuesOf(waiting)).toEqual([4, 5, 6, 7, 8, 9, 10]);
});

test('keeping the best sets a limit for those to come', () => {
  const { waiting } = waitingOf(20);
  waiting.keepBest(100);
  expect([waiting.count, waiting.limit]).toEqual([40, Infinity]);
  waiting.keepBest(7);
  expect(waiting.limit).toBe(6);
  expect(valuesOf(waiting).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

test('once it is cleared, there is room for all again', () => {
  const { waiting } = waitingOf(20);
  expect(waiting.hasRoom(CANDIDATES - 40)).toBe(true);
  expect(waiting.hasRoom(CANDIDATES - 39)).toBe(false);
  waiting.clear();
  expect([waiting.count, waiting.hasRoom(CANDIDATES)]).toEqual([0, true]);
});
