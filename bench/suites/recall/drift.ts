import { type ShardexIndex, createIndex, update } from '../../../dist/index.js';
import { count } from '../../../demo/units.js';
import type { Matrix } from '../../data-sets/matrix.js';
import type { Nearness } from '../../engines/engine.js';
import { type Answer, answerTo } from './asked.js';
import { truthOf } from './truth.js';

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
  readonly queries: readonly { readonly like: string; readonly vectors: Matrix }[];
}

/** What a step adds and removes, in commits of some hundred. */
export interface Step {
  readonly name: string;
  readonly add?: readonly Row[];
  readonly remove?: readonly string[];
}

/** What was found after a step. */
export interface Stage {
  readonly name: string;
  readonly rows: number;
  readonly like: string;
  readonly answers: readonly Answer[];
}

const K = 10;
const AT_ONCE = 200;

/** Goes through the steps; after each, asks for each recall. Prints each line as soon as it is known. */
export function stagesOf(drift: Drift, recalls: readonly number[]): Stage[] {
  const stages: Stage[] = [];
  const look = (name: string, index: ShardexIndex): void => {
    for (const { like, vectors } of drift.queries) {
      const truth = truthOf(index, vectors, K);
      const answers = recalls.map((asked) => answerTo(index, vectors, truth, K, asked));
      stages.push({ name, rows: index.postingCount, like, answers });
      const said = answers.map(({ asked, got }) => `${asked}: ${got.toFixed(3)}`).join('   ');
      console.log(`${name.padEnd(24)} ${count(index.postingCount).padStart(7)}  ${like.padEnd(14)} ${said}`);
    }
  };
  const [first] = drift.start;
  let index = createIndex({ dimensions: first.vector.length, metric: drift.nearness }, drift.start);
  look('at first', index);
  for (const step of drift.steps) {
    index = after(index, step);
    look(step.name, index);
  }
  return stages;
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
