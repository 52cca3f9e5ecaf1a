import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { METRICS } from '../../support/postings.js';
import { type Tally, branchesAgree } from './branches.js';

describe.each(METRICS)('branches that are forked and merged agree with plain maps (%s)', (metric) => {
  test.each(['strict', 64] as const)('reassign %s', (reassign) => {
    fc.assert(branchesAgree({ metric, reassign }), { numRuns: 15 });
  });
});

// Branches that never met would prove nothing.
test('such sequences reach merges after merges, conflicts, refusals, and merges for free', () => {
  const tally: Tally = { merges: 0, conflicts: 0, refused: 0, again: 0, forFree: 0 };
  fc.assert(branchesAgree({}, tally), { numRuns: 40, seed: 1 });
  expect(Object.entries(tally).filter(([, times]) => times < 10)).toEqual([]);
});
