import * as shardex from 'shardex';
import { ConflictError, CowShardexIndex, type Posting, createIndex, postings } from 'shardex';
import { describe, expect, test } from 'vitest';
import { shardsOfDocument } from '../../../src/version/shardex-index.js';
import { refusesOverlap } from '../../support/checks/refuses-overlap.js';
import { expectSound } from '../../support/sound.js';
import { thrownBy } from '../../support/thrown.js';

const at = (documentId: string, start: number, x: number): Posting => ({
  documentId,
  start,
  vector: [x, 0],
});

/** Two documents, each with rows in shards far apart. */
function opened(): CowShardexIndex {
  const rows = [-100, 0, 100].flatMap((x) =>
    Array.from({ length: 8 }, (_, i) => [
      at('a', 10 * i + x + 100, x + i / 8),
      at('b', 10 * i + x + 100, x + i / 8),
    ]),
  );
  const cell = new CowShardexIndex(
    createIndex({ dimensions: 2, metric: 'euclidean', shardCapacity: 8 }, rows.flat()),
  );
  expect(shardsOfDocument(cell.read(), 'a').length).toBeGreaterThan(2);
  return cell;
}

type Change = (writer: shardex.IndexWriter) => void;

/** Commits one change and then another one made from the same version; gives the error that the second meets. */
function race(cell: CowShardexIndex, first: Change, second: Change): ConflictError {
  const [winner, loser] = [cell.cloneForWrite(), cell.cloneForWrite()];
  first(winner);
  second(loser);
  const { hasChanges } = loser;
  const { index: published } = winner.commitChanges();
  const error = thrownBy(() => loser.commitChanges());
  expect(error).toBeInstanceOf(ConflictError);
  expect(cell.read()).toBe(published);
  // The writer is still there, with its changes; only committing it again is refused.
  expect(loser.hasChanges).toBe(hasChanges);
  expect(() => loser.commitChanges()).toThrow(ConflictError);
  loser.discard();
  expect(cell.read()).toBe(published);
  return error as ConflictError;
}

test('of two writers of one posting the second is refused', () => {
  refusesOverlap(shardex);
});

describe('a conflict names', () => {
  test('the documents, postings and shards where the changes overlap, and nothing else', () => {
    const cell = opened();
    const error = race(
      cell,
      (writer) => writer.addPostings([at('b', 0, 50), at('a', 0, 50), at('a', 7, 50), at('c', 0, 1)]),
      (writer) => writer.addPostings([at('a', 0, 60), at('b', 0, 60), at('a', 8, 50), at('d', 0, 1)]),
    );
    expect(error.documents).toEqual(['a', 'b']);
    expect(error.postings).toEqual([
      { documentId: 'a', start: 0, length: 0 },
      { documentId: 'b', start: 0, length: 0 },
    ]);
    const shards = ['a', 'b'].flatMap((id) => shardsOfDocument(cell.read(), id).map((shard) => shard.id));
    expect(error.shards).toEqual([...new Set(shards)].sort((a, b) => a - b));
    expect(error).toMatchObject({ baseVersion: 1, currentVersion: 2, code: 'COMMIT_CONFLICT' });
    expect(Object.isFrozen(error.documents) && Object.isFrozen(error.postings)).toBe(true);
  });

  test('what somebody added to a document that was removed as a whole', () => {
    const cell = opened();
    const error = race(
      cell,
      (writer) => {
        writer.addPosting(at('a', 999, 1));
      },
      (writer) => {
        writer.removeDocument('a');
      },
    );
    expect(error).toMatchObject({ documents: ['a'], postings: [{ documentId: 'a', start: 999 }] });
  });

  test('what somebody removed while it was being changed', () => {
    const cell = opened();
    const error = race(
      cell,
      (writer) => {
        writer.removeDocument('a');
      },
      (writer) => {
        writer.addPosting(at('a', 0, 60));
      },
    );
    expect(error).toMatchObject({ documents: ['a'], postings: [{ start: 0 }], shards: [] });
  });

  test("nothing with onConflict: 'fail', which any other commit makes fail", () => {
    const cell = opened();
    const writer = cell.cloneForWrite();
    writer.addPosting(at('mine', 0, 0));
    cell.update((draft) => {
      draft.addPosting(at('theirs', 0, 0));
    });
    const error = thrownBy(() => writer.commitChanges({ onConflict: 'fail' }));
    expect(error).toMatchObject({ documents: [], postings: [], shards: [], code: 'COMMIT_CONFLICT' });
    expect(writer.commitChanges({ onConflict: 'rebase' }).version).toBe(3);
  });
});

describe('adding what is there already claims that it is there, so removing it meanwhile is a conflict', () => {
  test.each([
    ['with other changes', [at('c', 0, 1)]],
    ['without any other change', []],
  ])('%s', (_, others) => {
    const cell = opened();
    const writer = cell.cloneForWrite();
    writer.addPostings([postings(cell.read(), 'a')[0], ...others]);
    const { index: current } = cell.update((draft) => {
      draft.removeDocument('a');
    });
    const error = thrownBy(() => writer.commitChanges());
    expect(error).toMatchObject({ code: 'COMMIT_CONFLICT', documents: ['a'], postings: [{ start: 0 }] });
    expect(cell.read()).toBe(current);
  });

  test('which an async update answers by adding it again', async () => {
    const cell = opened();
    const [posting] = postings(cell.read(), 'a');
    let runs = 0;
    const { index: version } = await cell.updateAsync(async (draft) => {
      draft.addPosting(posting);
      await Promise.resolve();
      if (runs++ === 0)
        cell.update((other) => {
          other.removeDocument('a');
        });
    });
    expect(postings(version, 'a')).toEqual([posting]);
    expect(runs).toBe(2);
  });
});

describe('the order of two commits does not decide between a conflict and none:', () => {
  type Sides = readonly [string, Change, Change];
  const inA = (...starts: number[]): Posting[] => starts.map((start) => at('a', start, start % 7));
  const adds: Change = (writer) => {
    writer.addPosting(at('a', 999, 1));
  };
  const overlapping: Sides[] = [
    ['removing a document and adding to it', (writer) => writer.removeDocument('a'), adds],
    [
      'removing a document and giving one of it another vector',
      (writer) => writer.removeDocument('a'),
      (writer) => {
        writer.addPosting(at('a', 10, 77));
      },
    ],
    [
      'replacing a document and adding to it',
      (writer) => {
        writer.replaceDocument('a', inA(1, 2));
      },
      adds,
    ],
    [
      'replacing a document by more than it was and adding to it',
      (writer) => {
        writer.replaceDocument('a', [...postings(writer.base, 'a'), at('a', 5, 5)]);
      },
      adds,
    ],
    [
      'replacing a document by what it was and adding to it',
      (writer) => {
        writer.replaceDocument('a', postings(writer.base, 'a'));
      },
      adds,
    ],
    [
      'removing an unknown document and making it',
      (writer) => writer.removeDocument('new'),
      (writer) => {
        writer.addPosting(at('new', 0, 1));
      },
    ],
    [
      'making a document as a whole and adding to it',
      (writer) => {
        writer.replaceDocument('new', [at('new', 0, 1)]);
      },
      (writer) => {
        writer.addPosting(at('new', 1, 1));
      },
    ],
    [
      'adding what is there, and removing it',
      (writer) => {
        writer.addPostings(postings(writer.base, 'a').slice(0, 1));
      },
      (writer) => writer.removeDocument('a'),
    ],
    [
      'adding what is there and more, and removing it',
      (writer) => {
        writer.addPostings([...postings(writer.base, 'a').slice(0, 1), at('c', 0, 1)]);
      },
      (writer) => writer.removeDocument('a'),
    ],
    [
      'removing a document, and removing it',
      (writer) => writer.removeDocument('a'),
      (writer) => writer.removeDocument('a'),
    ],
  ];

  test.each(overlapping)('%s', (_, one, other) => {
    expect([race(opened(), one, other), race(opened(), other, one)].map(({ code }) => code)).toEqual([
      'COMMIT_CONFLICT',
      'COMMIT_CONFLICT',
    ]);
  });

  test.each(overlapping)('%s, with commits of others in between', (_, one, other) => {
    for (const [first, second] of [
      [one, other],
      [other, one],
    ]) {
      const cell = opened();
      const [winner, loser] = [cell.cloneForWrite(), cell.cloneForWrite()];
      first(winner);
      second(loser);
      cell.update((draft) => draft.addPostings(Array.from({ length: 30 }, (_, i) => at('c', 100 + i, i))));
      winner.commitChanges();
      cell.update((draft) => draft.removeDocument('b'));
      expect(() => loser.commitChanges()).toThrow(ConflictError);
    }
  });

  test('a document that was removed and put back meanwhile was touched all the same', () => {
    const cell = opened();
    const before = postings(cell.read(), 'a');
    const writer = cell.cloneForWrite();
    writer.addPosting(at('a', 999, 1));
    cell.update((draft) => {
      draft.removeDocument('a');
    });
    cell.update((draft) => {
      draft.replaceDocument('a', before);
    });
    expect(thrownBy(() => writer.commitChanges())).toMatchObject({ postings: [{ start: 999 }] });
  });

  test('what was committed before a writer was made is no conflict', () => {
    const cell = opened();
    const other = cell.cloneForWrite();
    cell.update((draft) => {
      draft.removeDocument('a');
    });
    cell.update((draft) => {
      draft.addPosting(at('b', 0, 0));
    });
    const writer = cell.cloneForWrite();
    adds(writer);
    expect(postings(writer.commitChanges().index, 'a')).toHaveLength(1);
    other.discard();
  });

  test("with onConflict: 'fail' too, where the other commit published nothing", () => {
    const cell = opened();
    const writer = cell.cloneForWrite();
    writer.removeDocument('a');
    cell.update((draft) => {
      draft.addPostings(postings(cell.read(), 'a').slice(0, 1));
    });
    expect(cell.version).toBe(1);
    expect(() => writer.commitChanges({ onConflict: 'fail' })).toThrow(ConflictError);
    expect(cell.version).toBe(1);
  });
});

describe('no conflict:', () => {
  test('different keys of one document are joined', () => {
    const cell = opened();
    const writers = [0, 1, 2, 3].map((i) => {
      const writer = cell.cloneForWrite();
      writer.addPosting(at('a', 10 * i, 5 + i));
      writer.addPosting(at('a', 1000 + i, -5));
      return writer;
    });
    for (const writer of writers) writer.commitChanges();
    const moved = postings(cell.read(), 'a').filter(({ start }) => start < 40 && start % 10 === 0);
    expect(moved.slice(0, 4).map(({ vector }) => vector[0])).toEqual([5, 6, 7, 8]);
    expect(cell.postingCount).toBe(48 + 4);
    expect(cell.version).toBe(5);
    expect(cell.metrics()).toMatchObject({ conflicts: 0, rebases: 3 });
    expectSound(cell.read());
  });

  test('a document whose shards others changed without changing it', () => {
    const cell = opened();
    const writer = cell.cloneForWrite();
    writer.removeDocument('a');
    cell.update((draft) => {
      draft.addPostings(Array.from({ length: 40 }, (_, i) => at('c', i, i)));
    });
    const { index: after } = writer.commitChanges();
    expect(postings(after, 'a')).toEqual([]);
    expect(after.postingCount).toBe(24 + 40);
    expectSound(after);
  });

  test('a writer that changed nothing, and touched nothing that others changed', () => {
    const cell = opened();
    const writer = cell.cloneForWrite();
    writer.removeDocument('unknown');
    writer.addPostings(postings(cell.read(), 'b'));
    const { index: current } = cell.update((draft) => {
      draft.removeDocument('a');
    });
    expect(writer.commitChanges({ onConflict: 'fail' }).index).toBe(current);
    expect(cell.read()).toBe(current);
  });
});
