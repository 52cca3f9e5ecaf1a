import { describe } from 'vitest';
import type * as eventLoop from '../../../src/host/event-loop.js';
import type * as heldModule from '../../../src/cell/held.js';
import type * as slicesModule from '../../../src/cell/ingest/slices.js';
import type * as versionCell from '../../../src/cell/version-cell.js';
import type { VersionCell } from '../../../src/cell/version-cell.js';
import type * as steps from '../../../src/collections/steps.js';
import type * as rowBlock from '../../../src/version/row-block.js';
import type * as shardRows from '../../../src/version/shard-rows.js';
import type { ShardexIndex } from '../../../src/version/shardex-index.js';
import type * as draftState from '../../../src/write/draft-state.js';
import type * as reassign from '../../../src/write/reassign.js';
import type * as recordColumn from '../../../src/documents/record-column.js';
import type * as filterMemory from '../../../src/search/filters/filter-memory.js';
import type * as rebaseModule from '../../../src/write/rebase.js';
import { branchesStayApart } from '../../support/checks/branches-apart.js';
import { keepsDeletedGone } from '../../support/checks/deleted.js';
import { letsGoOfOldVersions } from '../../support/checks/lets-go.js';
import { letsGoOfFilteredVersions } from '../../support/checks/lets-go-of-filtered.js';
import { letsOthersRun } from '../../support/checks/lets-others-run.js';
import { losesNothing } from '../../support/checks/loses-nothing.js';
import { keepsPostingsNearest } from '../../support/checks/nearest-shard.js';
import { holdsOneRowPerKey } from '../../support/checks/one-row.js';
import { publishesInOneStep } from '../../support/checks/one-step.js';
import { refusesOverlap } from '../../support/checks/refuses-overlap.js';
import { sharesTheRest } from '../../support/checks/shares-the-rest.js';
import { control } from '../../support/control.js';

/* Each check is run on the library, and on one in which the invariant that it is about has been broken. */

const ROW_BLOCK = 'src/version/row-block.js';
const VERSION_CELL = 'src/cell/version-cell.js';
const DRAFT_STATE = 'src/write/draft-state.js';
const REBASE = 'src/write/rebase.js';

/** A cell whose assignment publishes whatever this makes of the next version, if it may. */
const publishing =
  (publish: (cell: VersionCell, next: ShardexIndex) => ShardexIndex, always = false) =>
  ({ compareAndSet }: typeof versionCell): Partial<typeof versionCell> => ({
    compareAndSet: (cell, expected, next) =>
      compareAndSet(cell, always ? cell.current : expected, publish(cell, next)),
  });

/** Drafts whose finished version is replaced by what this makes of it. */
const finishing =
  (alter: (version: ShardexIndex) => ShardexIndex) =>
  ({ DraftState }: typeof draftState): Partial<typeof draftState> => ({
    DraftState: class extends DraftState {
      override finish(): ShardexIndex {
        return alter(super.finish());
      }
    },
  });

describe('I1', () => {
  control(
    'fails where two branches are granted the same rows',
    ROW_BLOCK,
    (): Partial<typeof rowBlock> => ({
      claimRows: (block, visible, count) => visible + count <= block.capacity,
    }),
    branchesStayApart,
  );
});

describe('I2', () => {
  control(
    'fails where a commit without changes makes a version',
    DRAFT_STATE,
    finishing((version) => Object.freeze({ ...version })),
    publishesInOneStep,
  );
  control(
    'fails where a number is skipped',
    VERSION_CELL,
    publishing((_, next) => Object.freeze({ ...next, version: next.version + 1 })),
    publishesInOneStep,
  );
});

describe('I3', () => {
  control(
    'fails where a version is published although another one is current',
    VERSION_CELL,
    publishing((_, next) => next, true),
    (lib) => losesNothing(lib, 50),
  );
  control(
    'fails where the last writer wins',
    REBASE,
    (): Partial<typeof rebaseModule> => ({
      rebase: (_, mine, current) => Object.freeze({ ...mine, version: current.version + 1 }),
    }),
    (lib) => losesNothing(lib, 50),
  );
  control(
    'fails where an overlap is not looked for',
    REBASE,
    ({ rebase }: typeof rebaseModule): Partial<typeof rebaseModule> => ({
      rebase: (_, mine, current, writeSet) => rebase(current, mine, current, writeSet, []),
    }),
    refusesOverlap,
  );
});

describe('I4', () => {
  control(
    'fails where every update copies every shard',
    DRAFT_STATE,
    finishing((version) =>
      Object.freeze({ ...version, shards: version.shards.map((shard) => Object.freeze({ ...shard })) }),
    ),
    sharesTheRest,
  );
  control(
    'fails where no row is appended in place',
    ROW_BLOCK,
    ({ claimRows }: typeof rowBlock): Partial<typeof rowBlock> => ({
      // Only for blocks that nobody else can see yet.
      claimRows: (block, visible, count) => visible === 0 && claimRows(block, visible, count),
    }),
    sharesTheRest,
  );
});

describe('I5', () => {
  control(
    'fails where the old row of a key stays',
    DRAFT_STATE,
    ({ DraftState }: typeof draftState): Partial<typeof draftState> => ({
      DraftState: class extends DraftState {
        override bury(): number {
          return 0;
        }
      },
    }),
    holdsOneRowPerKey,
  );
});

describe('I6', () => {
  control(
    'fails where a split does not look around',
    'src/write/reassign.js',
    (): Partial<typeof reassign> => ({
      *reassignShard() {
        yield;
        return new Map();
      },
    }),
    keepsPostingsNearest,
  );
});

describe('I7', () => {
  control(
    'fails where a search sees dead rows',
    'src/version/shard-rows.js',
    (): Partial<typeof shardRows> => ({ isDead: () => false }),
    keepsDeletedGone,
  );
});

describe('I8', () => {
  const kept: unknown[] = [];
  control(
    'fails where the cell keeps every version',
    VERSION_CELL,
    publishing((cell, next) => {
      kept.push(cell.current);
      return next;
    }),
    letsGoOfOldVersions,
  );
  control(
    'fails where the report of held versions keeps them',
    'src/cell/held.js',
    ({ LivingVersions }: typeof heldModule): Partial<typeof heldModule> => ({
      LivingVersions: class extends LivingVersions {
        override supersede(old: ShardexIndex, next: ShardexIndex): number {
          kept.push(old);
          return super.supersede(old, next);
        }
      },
    }),
    letsGoOfOldVersions,
  );
  control(
    'fails where what a filter found is kept by version for good',
    'src/search/filters/filter-memory.js',
    ({ filteredRows }: typeof filterMemory): Partial<typeof filterMemory> => ({
      filteredRows(index, filter) {
        const rows = filteredRows(index, filter);
        kept.push([index, rows]);
        return rows;
      },
    }),
    letsGoOfFilteredVersions,
  );
  control(
    'fails where the records of a version are kept beside it',
    'src/documents/record-column.js',
    ({ RecordColumn }: typeof recordColumn): Partial<typeof recordColumn> => ({
      RecordColumn: class extends RecordColumn {
        override of(...given: Parameters<recordColumn.RecordColumn['of']>) {
          kept.push(given[0]);
          return super.of(...given);
        }
      },
    }),
    letsGoOfFilteredVersions,
  );
});

describe('ingest', () => {
  control(
    'fails where a pause is over before the event loop has gone round',
    'src/host/event-loop.js',
    (): Partial<typeof eventLoop> => ({ yieldToEventLoop: () => Promise.resolve() }),
    letsOthersRun,
  );
  control(
    'fails where slices do not end',
    'src/cell/ingest/slices.js',
    ({ Slices }: typeof slicesModule): Partial<typeof slicesModule> => ({
      Slices: class extends Slices {
        override get isOver(): boolean {
          return false;
        }
      },
    }),
    letsOthersRun,
  );
  control(
    'fails where the loops of a write do not pause',
    'src/collections/steps.js',
    (): Partial<typeof steps> => ({
      roundsPerStep: () => Infinity,
      *inSteps(count, _, rounds) {
        yield;
        rounds(0, count);
      },
    }),
    letsOthersRun,
  );
});
