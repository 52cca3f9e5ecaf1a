import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type * as rowBlock from '../../src/version/row-block.js';
import type * as versionCell from '../../src/publish/version-cell.js';
import type * as rebaseModule from '../../src/write/rebase.js';
import type * as sequencesModule from '../model/sequences.js';
import { sabotaged } from './control.js';

/* The model test as a whole must find what was broken, too, within a few hundred sequences. */

async function sequencesFail(): Promise<boolean> {
  vi.resetModules();
  const { sequencesAgree }: typeof sequencesModule = await import('../model/sequences.js');
  const { failed } = fc.check(sequencesAgree({ metric: 'euclidean' }), {
    numRuns: 300,
    seed: 1,
    endOnFailure: true,
  });
  return failed;
}

test('rows granted twice (I1)', async () => {
  sabotaged<typeof rowBlock>('../../src/version/row-block.js', () => ({
    claimRows: (block, visible, count) => visible + count <= block.capacity,
  }));
  expect(await sequencesFail()).toBe(true);
});

test('versions published over others (I3)', async () => {
  sabotaged<typeof versionCell>('../../src/publish/version-cell.js', () => ({
    compareAndSet: (cell, _, next) => {
      cell.current = next;
      return true;
    },
  }));
  expect(await sequencesFail()).toBe(true);
});

test('overlaps that nobody looks for (I3)', async () => {
  sabotaged<typeof rebaseModule>('../../src/write/rebase.js', ({ rebase }) => ({
    rebase: (_, mine, current, touched) => rebase(current, mine, current, touched),
  }));
  expect(await sequencesFail()).toBe(true);
});

test('a rebase that refuses what could be joined (I3)', async () => {
  sabotaged<typeof rebaseModule>('../../src/write/rebase.js', ({ conflict }) => ({
    rebase: (base, _, current) => {
      throw conflict(base, current, []);
    },
  }));
  expect(await sequencesFail()).toBe(true);
});
