import {
  ConflictError,
  CowShardexIndex,
  type IndexDraft,
  ResourceExhaustedError,
  applyDelta,
  hasDocument,
  postings as postingsOf,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { NaiveTwin } from '../../support/naive-twin.js';
import { numbered } from '../../support/postings.js';
import { clusteredVectors, seeded } from '../../support/random.js';
import { allPostings, expectSameContents } from '../../support/sound.js';
import { rejectionOf } from '../../support/thrown.js';
import { arriving, cellOf, filled } from './scene.js';

/* I3: others publish while an ingest is under way. */

const everywhere = { sliceMs: 0 } as const;
const vectorOfOthers = clusteredVectors(seeded(3), 4, 3);

/** A twin of what is there before. */
function twinOf(cell: CowShardexIndex): NaiveTwin {
  const twin = new NaiveTwin(cell.read().config);
  for (const posting of allPostings(cell.read())) twin.add(posting);
  return twin;
}

/** Commits of every kind, which do not touch what is ingested: `arriving()` replaces `p0` to `p39`, and has `p140` on. */
function commitOne(cell: CowShardexIndex, twin: NaiveTwin, count: number): void {
  const mine = numbered(5, vectorOfOthers, `o${count}.`);
  const removed = count % 3 === 0 && count / 3 < 90 ? `p${50 + count / 3}` : undefined;
  const replaced = count % 4 === 0 ? `o${count - 1}.2` : undefined;
  cell.update((draft) => {
    draft.addPostings(mine);
    if (removed !== undefined) draft.removeDocument(removed);
    if (replaced !== undefined && draft.has(replaced))
      draft.addPosting({ documentId: replaced, vector: [count, 1, -1, 0.5] });
  });
  for (const posting of mine) twin.add(posting);
  if (removed !== undefined) twin.removeDocument(removed);
  if (replaced !== undefined && twin.documentIds().includes(replaced))
    twin.add({ documentId: replaced, vector: [count, 1, -1, 0.5] });
}

/** How many slices it takes when nobody else does anything. */
async function slicesAlone(): Promise<number> {
  let slices = 0;
  await cellOf(filled()).ingest(arriving(), { ...everywhere, onProgress: () => slices++ });
  return slices;
}

/** Slices after which others commit. In the last case each commit leads to more slices than it took. */
const moments: [string, (slice: number, alone: number) => boolean][] = [
  ['once', (slice) => slice === 400],
  ['now and then', (slice) => slice % 40 === 0],
  ['in every pause from near the end on, for as long as there are any', (slice, alone) => slice > alone - 20],
];

describe.each(moments)('others commit %s', (_, when) => {
  test('and nothing is lost, in any version', async () => {
    const cell = new CowShardexIndex(filled(), { history: { versions: 10_000 } });
    const twin = twinOf(cell);
    let replica = cell.read();
    cell.subscribe(({ delta }) => (replica = applyDelta(replica, delta)));
    const alone = await slicesAlone();
    let commits = 0;
    let base = cell.read();
    const commit = await cell.ingest(arriving(), {
      ...everywhere,
      onProgress: ({ slices }) => {
        if (!when(slices, alone)) return;
        commitOne(cell, twin, ++commits);
        base = cell.read();
      },
    });
    expect(commits).toBeGreaterThan(0);
    for (const posting of arriving()) twin.add(posting);
    expectSameContents(cell.read(), twin);
    expect(commit.previous).toBe(base);
    expect(commit.index.version).toBe(base.version + 1);
    expect(commit.delta.documents.added.length).toBe(250);
    // The deltas lead everywhere, also where shards of two parents met.
    expectSameContents(replica, twin);
    expect(replica.fingerprint).toBe(cell.read().fingerprint);
    expect(cell.metrics()).toMatchObject({ rebases: 1, conflicts: 0, liveWriters: 0, pendingWrites: 0 });
    // And one can go on from there.
    const more = numbered(300, clusteredVectors(seeded(4), 4, 5), 'm');
    cell.update((draft) => {
      draft.addPostings(more);
      draft.removeDocument('q7');
    });
    for (const posting of more) twin.add(posting);
    twin.removeDocument('q7');
    expectSameContents(cell.read(), twin);
    expect(replica.fingerprint).toBe(cell.read().fingerprint);
  });
});

test.each([
  ['gives it another vector', { documentId: 'p5', vector: [9, 9, 9, 9] }],
  ['removes it', { documentId: 'p5', vector: undefined }],
  ['adds it first', { documentId: 'q100', vector: [9, 9, 9, 9] }],
])('a conflict, when another commit touches the same posting: %s', async (_, { documentId, vector }) => {
  // At moments of all kinds: while it takes, while it sorts in, and at the very end.
  for (const at of [1, 200, 330, 400, await slicesAlone()]) {
    const cell = cellOf(filled());
    const error = await rejectionOf(
      cell.ingest(arriving(), {
        ...everywhere,
        onProgress: (progress) => {
          if (progress.slices === at)
            cell.update((draft) => {
              if (vector === undefined) draft.removeDocument(documentId);
              else draft.addPosting({ documentId, vector });
            });
        },
      }),
    );
    expect(error).toBeInstanceOf(ConflictError);
    expect((error as ConflictError).postings).toEqual([{ documentId, start: 0, length: 0 }]);
    expect(error).toMatchObject({ baseVersion: 1, currentVersion: 2 });
    expect(cell.version).toBe(2);
    expect(hasDocument(cell.read(), documentId)).toBe(vector !== undefined);
    expect(cell.metrics()).toMatchObject({ conflicts: 1, liveWriters: 0, pendingWrites: 0 });
  }
});

test('other postings of the same document are joined', async () => {
  const cell = cellOf(filled());
  await cell.ingest(arriving(), {
    ...everywhere,
    onProgress: ({ slices }) => {
      if (slices === 300)
        cell.update((draft) => {
          draft.addPosting({ documentId: 'q1', start: 7, vector: [1, 0, 0, 0] });
        });
    },
  });
  expect(postingsOf(cell.read(), 'q1').map(({ start }) => start)).toEqual([0, 7]);
});

test('so is the removal of another posting, at any moment, but not that of one that is ingested', async () => {
  const base = filled();
  for (const at of [1, 300, await slicesAlone()]) {
    for (const start of [9, 0]) {
      const cell = cellOf(base);
      cell.update((draft) => {
        draft.addPosting({ documentId: 'p5', start: 9, vector: [1, 1, 1, 1] });
      });
      const ingested = cell.ingest(arriving(), {
        ...everywhere,
        onProgress: ({ slices }) => {
          if (slices !== at) return;
          cell.update((draft) => {
            draft.removePosting({ documentId: 'p5', start });
          });
        },
      });
      if (start === 9) {
        await ingested;
        expect(postingsOf(cell.read(), 'p5').map((posting) => posting.start)).toEqual([0]);
      } else {
        expect(await rejectionOf(ingested)).toMatchObject({
          constructor: ConflictError,
          postings: [{ documentId: 'p5', start: 0, length: 0 }],
        });
      }
    }
  }
});

test.each<[string, (draft: IndexDraft) => void]>([
  ['removed', (draft) => draft.removeDocument('p7')],
  [
    'replaced',
    (draft) => {
      draft.replaceDocument('p7', [{ documentId: 'p7', start: 9, vector: [1, 1, 1, 1] }]);
    },
  ],
  [
    'replaced by what it was',
    (draft) => {
      draft.replaceDocument('p7', postingsOf(draft.preview(), 'p7'));
    },
  ],
])('a document that is %s as a whole meanwhile cannot be added to', async (_, change) => {
  for (const at of [1, 200, await slicesAlone()]) {
    const cell = cellOf(filled());
    const error = await rejectionOf(
      cell.ingest([...arriving(), { documentId: 'p7', start: 5, vector: [1, 0, 0, 0] }], {
        ...everywhere,
        onProgress: ({ slices }) => {
          if (slices === at) cell.update(change);
        },
      }),
    );
    expect(error).toBeInstanceOf(ConflictError);
    expect((error as ConflictError).postings).toContainEqual({ documentId: 'p7', start: 5, length: 0 });
  }
});

test('a document that was ingested is not removed as a whole by a writer that began before', async () => {
  const cell = cellOf(filled());
  const writer = cell.cloneForWrite();
  writer.replaceDocument('p7', postingsOf(cell.read(), 'p7'));
  writer.removeDocument('p8');
  await cell.ingest([{ documentId: 'p7', start: 5, vector: [1, 0, 0, 0] }], everywhere);
  expect(() => writer.commitChanges()).toThrow(ConflictError);
});

test('what was there already, and is removed meanwhile, is a conflict too', async () => {
  const cell = cellOf(filled());
  const again = allPostings(cell.read());
  const remove = ({ taken, slices }: { taken: number; slices: number }): void => {
    if (taken === again.length && slices === again.length)
      cell.update((draft) => {
        draft.removeDocument('p3');
      });
  };
  const error = await rejectionOf(cell.ingest(again, { ...everywhere, onProgress: remove }));
  expect(error).toBeInstanceOf(ConflictError);
});

test('without changes of its own it publishes nothing, whatever others do', async () => {
  const cell = cellOf(filled());
  const again = allPostings(cell.read());
  const commit = await cell.ingest(again, {
    ...everywhere,
    onProgress: ({ slices }) => {
      if (slices === 3)
        cell.update((draft) => {
          draft.addPosting({ documentId: 'other', vector: [1, 1, 1, 1] });
        });
    },
  });
  expect(commit.isEmpty).toBe(true);
  expect(commit.index).toBe(cell.read());
  expect(cell.version).toBe(2);
});

test('a writer and an asynchronous update that began before are joined to it, and it to another ingest', async () => {
  const cell = cellOf(filled());
  const twin = twinOf(cell);
  const writer = cell.cloneForWrite();
  writer.addPosting({ documentId: 'writer', vector: [1, 1, 1, 1] });
  const second = numbered(100, clusteredVectors(seeded(9), 4, 4), 's');
  await Promise.all([
    cell.ingest(arriving(), everywhere),
    cell.ingest(second, everywhere),
    cell.updateAsync(async (draft) => {
      await new Promise((resolve) => setImmediate(resolve));
      draft.addPosting({ documentId: 'async', vector: [1, 1, 1, 1] });
    }),
  ]);
  writer.commitChanges();
  for (const posting of [...arriving(), ...second]) twin.add(posting);
  for (const documentId of ['writer', 'async']) twin.add({ documentId, vector: [1, 1, 1, 1] });
  expectSameContents(cell.read(), twin);
});

test('a validator sees it as one commit, and may refuse it, or commit itself', async () => {
  const refusal = new Error('refused');
  const refusing = new CowShardexIndex(filled(), {
    validate: (next) => {
      if (next.postingCount > 300) throw refusal;
    },
  });
  const before = refusing.read();
  expect(await rejectionOf(refusing.ingest(arriving()))).toBe(refusal);
  expect(refusing.read()).toBe(before);
  expect(refusing.metrics().liveWriters).toBe(0);

  let left = 3;
  const busy: CowShardexIndex = new CowShardexIndex(filled(), {
    validate: () => {
      if (left > 0)
        busy.update((draft) => {
          draft.addPosting({ documentId: `v${left--}`, vector: [1, 1, 1, 1] });
        });
    },
  });
  const twin = twinOf(busy);
  await busy.ingest(arriving());
  for (const posting of arriving()) twin.add(posting);
  for (const documentId of ['v1', 'v2', 'v3']) twin.add({ documentId, vector: [1, 1, 1, 1] });
  expectSameContents(busy.read(), twin);
});

test('it counts among the writes that are under way, and is reported to hold its base', async () => {
  const cell = new CowShardexIndex(filled(), { maxPendingWrites: 1 });
  let held: readonly { version: number; writers: number }[] = [];
  await cell.ingest(arriving(), {
    ...everywhere,
    onProgress: ({ slices }) => {
      if (slices !== 100) return;
      cell.update((draft) => {
        draft.addPosting({ documentId: 'other', vector: [1, 1, 1, 1] });
      });
      expect(cell.metrics()).toMatchObject({ pendingWrites: 1, liveWriters: 1 });
      held = cell.held().map(({ version, writers }) => ({ version, writers }));
      cell.updateAsync(() => undefined).catch((error: unknown) => refused.push(error));
    },
  });
  expect(held).toEqual([{ version: 1, writers: 1 }]);
  expect(refused[0]).toBeInstanceOf(ResourceExhaustedError);
  expect(cell.metrics()).toMatchObject({ pendingWrites: 0, liveWriters: 0 });
});
const refused: unknown[] = [];
