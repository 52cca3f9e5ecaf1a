import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type * as rowBlock from '../../../src/version/row-block.js';
import type * as versionCell from '../../../src/cell/version-cell.js';
import type * as mergeModule from '../../../src/delta/merge.js';
import type * as rebaseModule from '../../../src/write/rebase.js';
import type * as replayModule from '../../../src/write/replay.js';
import type * as branchesModule from '../model/branches.js';
import type * as sequencesModule from '../model/sequences.js';
import { sabotaged } from '../../support/control.js';

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
  sabotaged<typeof rowBlock>('src/version/row-block.js', () => ({
    claimRows: (block, visible, count) => visible + count <= block.capacity,
  }));
  expect(await sequencesFail()).toBe(true);
});

test('versions published over others (I3)', async () => {
  sabotaged<typeof versionCell>('src/cell/version-cell.js', () => ({
    compareAndSet: (cell, _, next) => {
      cell.current = next;
      return true;
    },
  }));
  expect(await sequencesFail()).toBe(true);
});

test('overlaps that nobody looks for (I3)', async () => {
  sabotaged<typeof rebaseModule>('src/write/rebase.js', ({ rebase }) => ({
    rebase: (_, mine, current, writeSet) => rebase(current, mine, current, writeSet, []),
  }));
  expect(await sequencesFail()).toBe(true);
});

test('a rebase that refuses what could be joined (I3)', async () => {
  sabotaged<typeof rebaseModule>('src/write/rebase.js', ({ conflict }) => ({
    rebase: (base, _, current) => {
      throw conflict(base, current, []);
    },
  }));
  expect(await sequencesFail()).toBe(true);
});

/* So must the model of branches. */

async function branchesFail(): Promise<boolean> {
  vi.resetModules();
  const { branchesAgree }: typeof branchesModule = await import('../model/branches.js');
  const { failed } = fc.check(branchesAgree({ metric: 'euclidean' }), {
    numRuns: 100,
    seed: 1,
    endOnFailure: true,
  });
  return failed;
}

test('branches that are granted the same rows (I1)', async () => {
  sabotaged<typeof rowBlock>('src/version/row-block.js', () => ({
    claimRows: (block, visible, count) => visible + count <= block.capacity,
  }));
  expect(await branchesFail()).toBe(true);
});

test('merges that drop deletions', async () => {
  sabotaged<typeof replayModule>('src/write/replay.js', ({ replay }) => ({
    replay: (current, changed) => {
      changed.removed.clear();
      return replay(current, changed);
    },
  }));
  expect(await branchesFail()).toBe(true);
});

test('merges that go by another base', async () => {
  sabotaged<typeof mergeModule>('src/delta/merge.js', ({ merge }) => ({
    merge: (ours, theirs, base, options) => merge(ours, theirs, theirs === base ? base : ours, options),
  }));
  expect(await branchesFail()).toBe(true);
});

test('conflicts that nobody looks for', async () => {
  sabotaged<typeof mergeModule>('src/delta/merge.js', ({ merge }) => ({
    merge: (ours, theirs, base) => merge(ours, theirs, base, { onConflict: 'ours' }),
  }));
  expect(await branchesFail()).toBe(true);
});
