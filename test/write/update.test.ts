import {
  AsyncRecipeError,
  createIndex,
  documentIds,
  type IndexDraft,
  InvalidIndexError,
  postings,
  type Recipe,
  search,
  type ShardexIndex,
  update,
  WriterClosedError,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { numbered } from '../support/postings.js';
import { expectSound } from '../support/sound.js';

const EMPTY = createIndex({ dimensions: 2 });
const add = (documentId: string): Recipe => {
  return (draft) => {
    draft.addPosting({ documentId, vector: [1, 2] });
  };
};

describe('createIndex', () => {
  test('makes version 0 of nothing, and version 1 of postings', () => {
    const index = createIndex(
      { dimensions: 2 },
      numbered(3, (i) => [i, 1]),
    );
    expect([EMPTY.version, index.version, index.postingCount]).toEqual([0, 1, 3]);
    expect(createIndex({ dimensions: 2 }, []).version).toBe(0);
  });

  test('takes any iterable', () => {
    const three = numbered(3, (i) => [i, 1]);
    function* lazily() {
      yield* three;
    }
    for (const given of [new Set(three), lazily(), three.values()]) {
      expect(createIndex({ dimensions: 2 }, given).postingCount).toBe(3);
    }
  });
});

describe('update', () => {
  test('makes the next version and leaves the one before as it is (I1)', () => {
    const before = update(EMPTY, add('a'));
    const found = search(before, [1, 2], { k: 9 });
    const after = update(before, (draft) => {
      draft.removeDocument('a');
      draft.addPosting({ documentId: 'b', vector: [0, 1] });
    });
    expect([before.version, after.version]).toEqual([1, 2]);
    expect(search(before, [1, 2], { k: 9 })).toEqual(found);
    expect(postings(after, 'a')).toEqual([]);
    expect(postings(before, 'b')).toEqual([]);
    expectSound(before);
    expectSound(after);
  });

  test('raises the version by one, however much a recipe does', () => {
    const after = update(EMPTY, (draft) => {
      for (const posting of numbered(50, (i) => [i, 1])) draft.addPosting(posting);
      draft.preview();
      draft.removeDocument('p1');
    });
    expect(after.version).toBe(1);
  });

  test('returns the same reference where nothing changed (I2)', () => {
    const index = update(EMPTY, add('a'));
    const nothings: Recipe[] = [
      () => undefined,
      (draft) => {
        draft.addPostings([]);
      },
      (draft) => {
        draft.removeDocument('nobody');
        draft.removeDocuments([]);
        draft.replaceDocument('nobody', []);
      },
      (draft) => {
        draft.has('a');
        draft.preview();
      },
      // Equal to what is there.
      add('a'),
      (draft) => {
        draft.replaceDocument('a', [{ documentId: 'a', vector: [1, 2] }]);
      },
    ];
    for (const nothing of nothings) expect(update(index, nothing)).toBe(index);
    expect(update(EMPTY, () => undefined)).toBe(EMPTY);
  });

  test('makes branches of one version that know nothing of each other', () => {
    const base = update(EMPTY, add('z'));
    const branches = ['a', 'b', 'c'].map((id) => update(base, add(id)));
    for (const [i, branch] of branches.entries()) {
      expect(branch.version).toBe(2);
      expect([...documentIds(branch)].sort()).toEqual(['abc'[i], 'z']);
      expectSound(branch);
    }
  });

  test('shares the shards that it has not touched (I4)', () => {
    const index = createIndex(
      { dimensions: 1, metric: 'euclidean', shardCapacity: 8 },
      numbered(200, (i) => [i]),
    );
    expect(index.shardCount).toBeGreaterThan(20);
    const after = update(index, (draft) => {
      draft.removeDocument('p7');
    });
    const changed = [...after.shards].filter(([id, shard]) => index.shards.get(id) !== shard);
    expect(changed.map(([id]) => id)).toEqual([index.documents.value.get('p7')]);
    // No centroid came or went.
    expect(after.centroids).toBe(index.centroids);
  });

  test('makes no version when the recipe throws, and lets its error through', () => {
    const before = update(EMPTY, add('a'));
    const mine = new RangeError('mine');
    const fail = () => {
      update(before, (draft) => {
        draft.removeDocument('a');
        draft.addPostings(numbered(20, (i) => [i, 1]));
        throw mine;
      });
    };
    expect(fail).toThrow(mine);
    expect(postings(before, 'a')).toHaveLength(1);
    expectSound(before);
  });

  test('closes the draft when the recipe returns or throws', () => {
    const kept: IndexDraft[] = [];
    update(EMPTY, (draft) => {
      kept.push(draft);
    });
    const fail: Recipe = (draft) => {
      kept.push(draft);
      throw new Error('mine');
    };
    expect(() => update(EMPTY, fail)).toThrow('mine');
    expect(kept).toHaveLength(2);
    for (const draft of kept) expect(() => draft.preview()).toThrow(WriterClosedError);
  });

  test('ignores what the recipe returns, unless it is a promise', () => {
    for (const value of [0, 'text', null, {}, { then: 'not a function' }, [1]]) {
      const recipe = (draft: IndexDraft) => {
        draft.addPosting({ documentId: 'a', vector: [1, 2] });
        return value;
      };
      expect(update(EMPTY, recipe).postingCount).toBe(1);
    }
  });

  test('refuses what is not an index', () => {
    expect(() => update({} as ShardexIndex, () => undefined)).toThrow(InvalidIndexError);
  });
});

describe('an async recipe', () => {
  test('is refused, and nothing comes of it', async () => {
    let late: unknown;
    const recipe: (draft: IndexDraft) => unknown = async (draft) => {
      draft.addPosting({ documentId: 'a', vector: [1, 2] });
      await Promise.resolve();
      try {
        draft.addPosting({ documentId: 'b', vector: [1, 2] });
      } catch (error) {
        late = error;
      }
    };
    expect(() => update(EMPTY, recipe)).toThrow(AsyncRecipeError);
    await Promise.resolve();
    await Promise.resolve();
    expect(late).toBeInstanceOf(WriterClosedError);
    expect(EMPTY.postingCount).toBe(0);
  });

  test('that fails later is no unhandled rejection', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    try {
      const recipe: () => unknown = async () => {
        await Promise.resolve();
        throw new Error('too late');
      };
      expect(() => update(EMPTY, recipe)).toThrow(AsyncRecipeError);
      // Node reports rejections after the microtasks of a turn.
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.off('unhandledRejection', note);
    }
    expect(unhandled).toEqual([]);
  });

  test('may be any thenable', () => {
    const thenable: unknown = { then: (resolve: (value: unknown) => void) => resolve };
    expect(() => update(EMPTY, () => thenable)).toThrow(AsyncRecipeError);
  });
});
