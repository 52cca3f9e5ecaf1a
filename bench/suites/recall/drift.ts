// Recall while an index changes.
import { type ShardexIndex, createIndex, update } from '../../../dist/index.js';
import type { Matrix } from '../../data-sets/matrix.js';
import type { Nearness } from '../../data-sets/nearness.js';
import { type Cell, linesOf } from './measured.js';
import { said } from './tables.js';

/** A vector with the id of its document. */
export interface Row {
  readonly documentId: string;
  readonly vector: Float32Array;
}

/** Contents that change, and queries like one part of them or another. */
export interface Drift {
  readonly title: string;
  readonly nearness: Nearness;
  readonly start: readonly Row[];
  readonly steps: readonly Step[];
  readonly queries: readonly Queries[];
}

/** What a step adds and removes, in commits of some hundred. */
export interface Step {
  readonly name: string;
  readonly add?: readonly Row[];
  readonly remove?: readonly string[];
}

/** Queries of a kind, and from which step on to which the index has some of that kind; the start is step 0. */
export interface Queries {
  readonly like: string;
  readonly vectors: Matrix;
  readonly from?: number;
  readonly to?: number;
}

const K = 10;
const AT_ONCE = 200;

/** Goes through the steps; after each, asks for each recall. Prints each line as soon as it is known. */
export function cellsAlong({ nearness, start, steps, queries }: Drift, recalls: readonly number[]): Cell[] {
  const cells: Cell[] = [];
  const look = (index: ShardexIndex, step: number, name: string): void => {
    for (const { like, vectors, from = 0, to = Infinity } of queries) {
      if (step < from || step > to) continue;
      for (const line of linesOf(index, vectors, [K], recalls, () => `${name}, like ${like}`)) {
        cells.push(...line);
        console.log(said(line));
      }
    }
  };
  let index = createIndex({ dimensions: start[0].vector.length, metric: nearness }, start);
  look(index, 0, 'at first');
  steps.forEach((step, i) => {
    index = after(index, step);
    look(index, i + 1, step.name);
  });
  return cells;
}

/** Adds and removes by turns, as a window that slides does. */
function after(index: ShardexIndex, { add = [], remove = [] }: Step): ShardexIndex {
  let now = index;
  for (let from = 0; from < Math.max(add.length, remove.length); from += AT_ONCE) {
    now = update(now, (draft) => {
      draft.addPostings(add.slice(from, from + AT_ONCE));
      draft.removeDocuments(remove.slice(from, from + AT_ONCE));
    });
  }
  return now;
}
