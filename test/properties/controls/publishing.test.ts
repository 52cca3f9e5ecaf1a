import type { Commit, CommitListener } from 'shardex';
import { describe } from 'vitest';
import type * as mergeModule from '../../../src/delta/merge.js';
import type * as blockChangesModule from '../../../src/cell/block-changes.js';
import type * as commitStream from '../../../src/cell/commit-stream.js';
import type * as heldModule from '../../../src/cell/held.js';
import type * as pinModule from '../../../src/cell/pin.js';
import type * as watchersModule from '../../../src/cell/watchers.js';
import type { ShardexIndex } from '../../../src/version/shardex-index.js';
import type * as replayModule from '../../../src/write/replay.js';
import { countsWhatIsHeld } from '../../support/checks/counts-held.js';
import { mergesBothSides } from '../../support/checks/merges.js';
import { releasesPins } from '../../support/checks/releases-pins.js';
import { streamsEveryCommit } from '../../support/checks/streams.js';
import { tellsWatchers } from '../../support/checks/tells-watchers.js';
import { control } from '../../support/control.js';

/* As checks.test.ts, for what tells of versions, holds them and brings them together. */

const WATCHERS = 'src/cell/watchers.js';
const COMMIT_STREAM = 'src/cell/commit-stream.js';
const BLOCK_CHANGES = 'src/cell/block-changes.js';
const PIN = 'src/cell/pin.js';

describe('I9, listeners', () => {
  /** Watchers that are told something else than what they should be. */
  const telling =
    (tell: (commit: Commit, proper: (commit: Commit) => void) => void) =>
    ({ Watchers }: typeof watchersModule): Partial<typeof watchersModule> => ({
      Watchers: class extends Watchers {
        override tell(commit: Commit): void {
          tell(commit, (told) => {
            super.tell(told);
          });
        }
      },
    });

  control(
    'fails where a commit is told twice',
    WATCHERS,
    telling((commit, proper) => {
      proper(commit);
      if (commit.version === 3) proper(commit);
    }),
    tellsWatchers,
  );
  control(
    'fails where a commit is not told',
    WATCHERS,
    telling((commit, proper) => {
      if (commit.version !== 3) proper(commit);
    }),
    tellsWatchers,
  );
  control(
    'fails where a commit made by a listener overtakes the one before',
    WATCHERS,
    ({ Watchers }: typeof watchersModule): Partial<typeof watchersModule> => ({
      Watchers: class extends Watchers {
        readonly #listeners: CommitListener[] = [];
        readonly #handler: watchersModule.ListenerErrorHandler | undefined;
        constructor(onError?: watchersModule.ListenerErrorHandler) {
          super(onError);
          this.#handler = onError;
        }
        override add(...args: Parameters<InstanceType<typeof Watchers>['add']>): () => void {
          this.#listeners.push(args[0]);
          return super.add(...args);
        }
        override tell(commit: Commit): void {
          for (const listener of this.#listeners)
            try {
              listener(commit);
            } catch (error) {
              this.#handler?.(error, commit);
            }
        }
      },
    }),
    tellsWatchers,
  );
  control(
    'fails where a listener that throws starves those after it',
    WATCHERS,
    ({ Watchers }: typeof watchersModule): Partial<typeof watchersModule> => ({
      Watchers: class extends Watchers {
        #failed: Commit | undefined;
        override add(...[listener, ...rest]: Parameters<InstanceType<typeof Watchers>['add']>): () => void {
          return super.add(
            (commit) => {
              if (this.#failed === commit) return;
              this.#failed = commit;
              listener(commit);
              this.#failed = undefined;
            },
            ...rest,
          );
        }
      },
    }),
    tellsWatchers,
  );
});

describe('I9, streams', () => {
  /** Streams that are fed in another way than they should be. */
  const fedBy =
    (alter: (source: commitStream.StreamSource) => Partial<commitStream.StreamSource>) =>
    ({ CommitStream }: typeof commitStream): Partial<typeof commitStream> => ({
      CommitStream: class extends CommitStream {
        constructor(source: commitStream.StreamSource) {
          super({ ...source, ...alter(source) });
        }
      },
    });

  control(
    'fails where commits are joined although nobody asked',
    COMMIT_STREAM,
    fedBy(() => ({ coalesce: true })),
    streamsEveryCommit,
  );
  control(
    'fails where they are not joined although somebody asked',
    COMMIT_STREAM,
    fedBy(() => ({ coalesce: false })),
    streamsEveryCommit,
  );
  control(
    'fails where one is dropped',
    COMMIT_STREAM,
    fedBy(({ subscribe }) => ({
      subscribe: (listener, closed) =>
        subscribe((commit) => {
          if (commit.version !== 3) listener(commit);
        }, closed),
    })),
    streamsEveryCommit,
  );
});

describe('merging', () => {
  control(
    'fails where deletions are dropped',
    'src/write/replay.js',
    ({ replay }: typeof replayModule): Partial<typeof replayModule> => ({
      replay: (current, changed) => {
        changed.removed.clear();
        return replay(current, changed);
      },
    }),
    mergesBothSides,
  );
  control(
    'fails where additions are dropped',
    'src/write/replay.js',
    ({ replay, ReplaySet }: typeof replayModule): Partial<typeof replayModule> => ({
      replay: (current, { removed }) => {
        const changed = new ReplaySet();
        for (const [documentId, places] of removed)
          for (const place of places) changed.remove(documentId, place);
        return replay(current, changed);
      },
    }),
    mergesBothSides,
  );
  control(
    'fails where theirs wins without having been asked for',
    'src/delta/merge.js',
    ({ merge }: typeof mergeModule): Partial<typeof mergeModule> => ({
      merge: (ours, theirs, base) => merge(ours, theirs, base, { onConflict: 'theirs' }),
    }),
    mergesBothSides,
  );
});

describe('I8, the report of held versions', () => {
  control(
    'fails where it forgets blocks that a version took with it',
    BLOCK_CHANGES,
    ({ composeBlockChanges }: typeof blockChangesModule): Partial<typeof blockChangesModule> => ({
      composeBlockChanges: (first, second) => {
        const { left, entered } = composeBlockChanges(first, second);
        return { left: [...left].slice(1), entered };
      },
    }),
    countsWhatIsHeld,
  );
  control(
    'fails where it forgets that a newer version has a block too',
    BLOCK_CHANGES,
    ({ blockChanges }: typeof blockChangesModule): Partial<typeof blockChangesModule> => ({
      blockChanges: (a, b, tokenOf) => ({ ...blockChanges(a, b, tokenOf), entered: [] }),
    }),
    countsWhatIsHeld,
  );
});

describe('I8, pins', () => {
  control(
    'fails where a release does nothing',
    PIN,
    ({ Pin }: typeof pinModule): Partial<typeof pinModule> => ({
      Pin: class extends Pin {
        override release(): void {
          // Nothing.
        }
      },
    }),
    releasesPins,
  );
  const kept: ShardexIndex[] = [];
  control(
    'fails where a released pin keeps its version',
    PIN,
    ({ Pin }: typeof pinModule): Partial<typeof pinModule> => ({
      Pin: class extends Pin {
        constructor(...args: ConstructorParameters<typeof Pin>) {
          super(...args);
          kept.push(args[0]);
        }
      },
    }),
    releasesPins,
  );
  control(
    'fails where the report goes on naming it',
    'src/cell/held.js',
    ({ notesOn }: typeof heldModule): Partial<typeof heldModule> => ({
      notesOn: (record) => {
        const notes = notesOn(record);
        notes.pins.delete = () => false;
        return notes;
      },
    }),
    releasesPins,
  );
});
