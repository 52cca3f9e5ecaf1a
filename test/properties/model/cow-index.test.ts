import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { METRICS } from '../../support/postings.js';
import { sequencesAgree } from './sequences.js';

describe.each(METRICS)('random sequences agree with the model (%s)', (metric) => {
  test.each(['strict', 64, 0] as const)('reassign %s', (reassign) => {
    fc.assert(sequencesAgree({ metric, reassign }), { numRuns: 60 });
  });
});

// A model test that never gets anywhere proves nothing.
test('such sequences reach splits, forks, rebases and conflicts', () => {
  const reached = { shards: 0, forks: 0, rebases: 0, conflicts: 0, discards: 0, held: 0 };
  const property = sequencesAgree({}, ({ cells, held }, real) => {
    reached.forks += cells.length - 1;
    reached.held += held.length;
    for (const cell of cells) {
      reached.rebases += cell.rebases;
      reached.conflicts += cell.conflicts;
      reached.discards += cell.discards;
    }
    for (const cell of real.cells) reached.shards = Math.max(reached.shards, cell.shardCount);
  });
  fc.assert(property, { numRuns: 40, seed: 1 });
  expect(Object.entries(reached).filter(([, times]) => times < 10)).toEqual([]);
});
