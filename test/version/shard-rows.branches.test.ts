import type { StoredPosting } from 'shardex';
import { expect, test } from 'vitest';
import {
  type ShardRows,
  appended,
  buried,
  compacted,
  isDead,
  rowsFrom,
} from '../../src/version/shard-rows.js';
import { type Random, gaussianVector, integerBelow, pick, seeded } from '../support/random.js';
import { contentsOf, listOf } from '../support/rows.js';

const D = 3;

interface Branch {
  readonly rows: ShardRows;
  /** What a list would hold, were nothing shared. */
  readonly model: readonly StoredPosting[];
}

function some(random: Random): StoredPosting[] {
  return Array.from({ length: 1 + integerBelow(random, 40) }, () => ({
    documentId: `d${integerBelow(random, 1e6)}`,
    start: integerBelow(random, 9),
    length: integerBelow(random, 9),
    vector: Float32Array.from(gaussianVector(random, D)),
  }));
}

function step(random: Random, { rows, model }: Branch): Branch {
  const what = random();
  if (what < 0.6) {
    const more = some(random);
    return {
      rows: appended(
        rows,
        listOf(more, D),
        more.map(() => 0),
        D,
      ),
      model: [...model, ...more],
    };
  }
  if (what < 0.7) return { rows: compacted(rows, D), model };
  if (rows.segments.length === 0) return { rows, model };
  const s = integerBelow(random, rows.segments.length);
  const segment = rows.segments[s];
  const live = Array.from({ length: segment.visible }, (_, row) => row).filter(
    (row) => !isDead(segment, row),
  );
  const dead = live.filter(() => random() < 0.3);
  const before = rows.segments.slice(0, s).reduce((sum, { liveCount }) => sum + liveCount, 0);
  const gone = new Set(dead.map((row) => before + live.indexOf(row)));
  return { rows: buried(rows, s, dead), model: model.filter((_, i) => !gone.has(i)) };
}

// Branches share blocks and write behind each other's backs; none may ever see it (I1).
test.each([1, 2, 3])('any tree of versions reads as if every one had its own rows (seed %i)', (seed) => {
  const random = seeded(seed);
  const branches: Branch[] = [{ rows: rowsFrom(listOf([], D), [], D), model: [] }];
  for (let i = 0; i < 150; i++) branches.push(step(random, pick(random, branches.slice(-12))));
  for (const { rows, model } of branches) {
    expect(contentsOf(rows, D)).toEqual(model);
    expect(rows.liveCount).toBe(model.length);
  }
});
