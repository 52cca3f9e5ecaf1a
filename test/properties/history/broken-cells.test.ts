import * as fc from 'fast-check';
import type { Commit, Posting, ShardexIndex } from 'shardex';
import { expect, test } from 'vitest';
import type * as commitStream from '../../../src/cell/commit-stream.js';
import type * as indexWriter from '../../../src/cell/index-writer.js';
import type * as publicationModule from '../../../src/cell/cell-state.js';
import type * as readableCell from '../../../src/cell/readable-cell.js';
import type * as versionCell from '../../../src/cell/version-cell.js';
import type * as watchersModule from '../../../src/cell/watchers.js';
import type * as rowBlock from '../../../src/version/row-block.js';
import type * as rebaseModule from '../../../src/write/rebase.js';
import { freshLibrary, sabotaged } from '../../support/control.js';
import { CheckFailed } from '../../support/checks/check-that.js';
import type { Anomaly } from './record.js';
import { noAnomalies } from './schedule.js';

/* A checker that finds nothing proves nothing unless it finds what is there: each of these cells breaks one promise. */

const CELL_STATE = 'src/cell/cell-state.js';
const INDEX_WRITER = 'src/cell/index-writer.js';
const WATCHERS = 'src/cell/watchers.js';
const COMMIT_STREAM = 'src/cell/commit-stream.js';

const SEEDS = [1, 2, 3, 4];
/** Within so many schedules the fault has to show. */
const SCHEDULES = 100;

/** Breaks the library, and expects every seed to come to an anomaly of this kind. */
function finds(
  kind: Anomaly['kind'],
  where: string,
  breaks: readonly (() => void)[],
  shardCapacity?: number,
): void {
  test(`finds a ${kind} where ${where}`, async () => {
    for (const sabotage of breaks) sabotage();
    const broken = await freshLibrary();
    const looking = shardCapacity === undefined ? { kinds: [kind] } : { kinds: [kind], shardCapacity };
    for (const seed of SEEDS) {
      const { errorInstance } = await fc.check(noAnomalies(broken, looking), {
        numRuns: SCHEDULES,
        seed,
        endOnFailure: true,
      });
      expect(errorInstance).toBeInstanceOf(CheckFailed);
    }
  });
}

const renumbered = (index: ShardexIndex, version: number): ShardexIndex =>
  Object.freeze({ ...index, version });

type CellStates = typeof publicationModule;
type CommitArguments = Parameters<InstanceType<CellStates['CellState']>['commit']>;

for (const kind of ['lost update', 'version order'] as const) {
  finds(kind, 'nothing is compared before publishing (I3)', [
    () => {
      sabotaged<typeof versionCell>('src/cell/version-cell.js', ({ compareAndSet }) => ({
        compareAndSet: (cell, _, next) => compareAndSet(cell, cell.current, next),
      }));
    },
  ]);
}

finds('lost update', 'a writer reads its base again when it commits (I3)', [
  () => {
    sabotaged<CellStates>(CELL_STATE, ({ CellState }) => ({
      CellState: class extends CellState {
        override commit(...[writer, writeSet]: CommitArguments): Commit {
          const mine = writeSet.isEmpty
            ? this.current
            : renumbered(writer.preview(), this.current.version + 1);
          return this.publish(this.current, mine, 0) as Commit;
        }
      },
    }));
  },
]);

finds('lost update', 'a rebase takes the current version for its base (I3)', [
  () => {
    sabotaged<typeof rebaseModule>('src/write/rebase.js', ({ rebase }) => ({
      rebase: (_, mine, current, writeSet) => rebase(current, mine, current, writeSet, []),
    }));
  },
]);

finds('partial publish', 'the first posting of a writer is published before the others (I2)', [
  () => {
    sabotaged<typeof indexWriter>(INDEX_WRITER, ({ IndexWriter }) => ({
      IndexWriter: class<M extends object> extends IndexWriter<M> {
        part: ShardexIndex<M> | undefined;
        override addPosting(posting: Posting): void {
          super.addPosting(posting);
          this.part ??= this.preview();
        }
      },
    }));
  },
  () => {
    sabotaged<CellStates>(CELL_STATE, ({ CellState }) => ({
      CellState: class extends CellState {
        override commit(...[writer, writeSet, onConflict, since]: CommitArguments): Commit {
          const { part } = writer as { part?: ShardexIndex };
          const all = writer.preview();
          if (part === undefined || part === all || this.current !== writer.base)
            return super.commit(writer, writeSet, onConflict, since);
          this.publish(writer.base, part, 0);
          return this.publish(part, renumbered(all, part.version + 1), 0) as Commit;
        }
      },
    }));
  },
]);

finds('dirty read', 'a commit is published although it was refused (I3)', [
  () => {
    sabotaged<CellStates>(CELL_STATE, ({ CellState }) => ({
      CellState: class extends CellState {
        override commit(...[writer, writeSet, onConflict, since]: CommitArguments): Commit {
          try {
            return super.commit(writer, writeSet, onConflict, since);
          } catch (error) {
            this.publish(this.current, renumbered(writer.preview(), this.current.version + 1), 0);
            throw error;
          }
        }
      },
    }));
  },
]);

finds('dirty read', 'a discarded writer is published (I2)', [
  () => {
    sabotaged<typeof indexWriter>(INDEX_WRITER, ({ IndexWriter }) => ({
      IndexWriter: class<M extends object> extends IndexWriter<M> {
        override discard(): void {
          if (this.base.version % 2 === 0) super.discard();
          else
            try {
              this.commitChanges();
            } catch {
              super.discard();
            }
        }
      },
    }));
  },
]);

finds(
  'non-repeatable read',
  'rows are granted twice, so that snapshots change (I1)',
  [
    () => {
      sabotaged<typeof rowBlock>('src/version/row-block.js', () => ({
        claimRows: (block, visible, count) => visible + count <= block.capacity,
      }));
    },
  ],
  // Splits of rows that have become others would crash first.
  64,
);

finds('draft out of its base', 'a draft does not always show what was done to it', [
  () => {
    sabotaged<typeof indexWriter>(INDEX_WRITER, ({ IndexWriter }) => ({
      IndexWriter: class<M extends object> extends IndexWriter<M> {
        #asked = 0;
        override preview(): ShardexIndex<M> {
          return ++this.#asked % 2 === 0 ? this.base : super.preview();
        }
      },
    }));
  },
]);

finds('stale read', 'every third read gets the version before', [
  () => {
    sabotaged<typeof readableCell>('src/cell/readable-cell.js', ({ ReadableCell }) => ({
      ReadableCell: class extends ReadableCell {
        #reads = 0;
        override read(): ShardexIndex {
          return this.version > 0 && ++this.#reads % 3 === 0 ? this.at(this.version - 1) : super.read();
        }
      },
    }));
  },
]);

finds('cycle', 'who asked to fail is rebased, so that two may each miss what the other one writes', [
  () => {
    sabotaged<CellStates>(CELL_STATE, ({ CellState }) => ({
      CellState: class extends CellState {
        override commit(...[writer, writeSet, , since]: CommitArguments): Commit {
          return super.commit(writer, writeSet, 'rebase', since);
        }
      },
    }));
  },
]);

type Watching = typeof watchersModule;

finds('watcher', 'every commit is told twice (I9)', [
  () => {
    sabotaged<Watching>(WATCHERS, ({ Watchers }) => ({
      Watchers: class extends Watchers {
        override tell(commit: Commit): void {
          super.tell(commit);
          super.tell(commit);
        }
      },
    }));
  },
]);

finds('watcher', 'every third commit is not told (I9)', [
  () => {
    sabotaged<Watching>(WATCHERS, ({ Watchers }) => ({
      Watchers: class extends Watchers {
        override tell(commit: Commit): void {
          if (commit.version % 3 !== 0) super.tell(commit);
        }
      },
    }));
  },
]);

finds('watcher', 'commits are told in another order (I9)', [
  () => {
    sabotaged<Watching>(WATCHERS, ({ Watchers }) => ({
      Watchers: class extends Watchers {
        #late: Commit | undefined;
        override tell(commit: Commit): void {
          if (this.#late === undefined) {
            this.#late = commit;
            return;
          }
          super.tell(commit);
          super.tell(this.#late);
          this.#late = undefined;
        }
      },
    }));
  },
]);

type Streams = typeof commitStream;

finds('watcher', 'a stream joins commits although nobody asked (I9)', [
  () => {
    sabotaged<Streams>(COMMIT_STREAM, ({ CommitStream }) => ({
      CommitStream: class extends CommitStream {
        constructor(source: commitStream.StreamSource) {
          super({ ...source, coalesce: true });
        }
      },
    }));
  },
]);

finds('watcher', 'a stream drops what comes too fast (I9)', [
  () => {
    sabotaged<Streams>(COMMIT_STREAM, ({ CommitStream }) => ({
      CommitStream: class extends CommitStream {
        constructor(source: commitStream.StreamSource) {
          super({
            ...source,
            subscribe: (listener, closed) =>
              source.subscribe((commit) => {
                if (commit.version % 4 !== 0) listener(commit);
              }, closed),
          });
        }
      },
    }));
  },
]);
