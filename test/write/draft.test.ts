import {
  createIndex,
  documentIds,
  type IndexDraft,
  InvalidPostingError,
  postings,
  search,
  type ShardexIndex,
  update,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { NaiveTwin } from '../support/naive-twin.js';
import { numbered, ofDocuments } from '../support/postings.js';
import { gaussianVector, seeded } from '../support/random.js';
import { expectSameContents, expectSound } from '../support/sound.js';
import { thrownBy } from '../support/thrown.js';

const OPTIONS = { dimensions: 3, metric: 'euclidean', shardCapacity: 8 } as const;
const RANDOM = seeded(1);
const ALL = ofDocuments(20, 150, () => gaussianVector(RANDOM, 3));
const INDEX = createIndex(OPTIONS, ALL);

/** What a recipe returns, and the version it makes. */
function made<T>(
  recipe: (draft: IndexDraft) => T,
  base: ShardexIndex = INDEX,
): { value: T; next: ShardexIndex } {
  const values: T[] = [];
  const next = update(base, (draft) => {
    values.push(recipe(draft));
  });
  return { value: values[0], next };
}

function twinOf(change: (twin: NaiveTwin) => void = () => undefined): NaiveTwin {
  const twin = new NaiveTwin(OPTIONS);
  for (const posting of ALL) twin.add(posting);
  change(twin);
  return twin;
}

describe('addPosting', () => {
  test('adds one, with start and length 0 by default', () => {
    const { next } = made((draft) => {
      draft.addPosting({ documentId: 'new', vector: [1, 2, 3] });
    });
    expect(postings(next, 'new')).toEqual([
      { documentId: 'new', start: 0, length: 0, vector: Float32Array.of(1, 2, 3) },
    ]);
  });

  test('replaces the posting with its key, in whatever shard that lies (I5)', () => {
    // Every posting moves to the place of another one, far away.
    const moved = ALL.map((posting, i) => ({ ...posting, vector: ALL[(i + 75) % 150].vector }));
    const { next } = made((draft) => {
      for (const posting of moved) draft.addPosting(posting);
    });
    expectSameContents(
      next,
      twinOf((twin) => {
        for (const posting of moved) twin.add(posting);
      }),
    );
    expect(next.postingCount).toBe(150);
  });

  test('tells keys apart by each of their parts', () => {
    const { next } = made((draft) => {
      for (const [documentId, start, length] of [
        ['x', 1, 1],
        ['x', 1, 2],
        ['x', 2, 1],
        ['y', 1, 1],
        ['x', 1, 1],
      ] as const) {
        draft.addPosting({ documentId, start, length, vector: [start, length, 0] });
      }
    });
    expect(next.postingCount).toBe(154);
    expect(postings(next, 'x').map(({ start, length }) => [start, length])).toEqual([
      [1, 1],
      [1, 2],
      [2, 1],
    ]);
  });

  test('tells −0 from 0, as a reader could', () => {
    const base = createIndex({ dimensions: 1 }, [{ documentId: 'a', vector: [0] }]);
    const { next } = made((draft) => {
      draft.addPosting({ documentId: 'a', vector: [-0] });
    }, base);
    expect(next).not.toBe(base);
    expect(Object.is(postings(next, 'a')[0].vector[0], -0)).toBe(true);
  });

  test('of what is there already changes nothing, also when given in 64-bit floats', () => {
    const exact = ALL[7];
    expect(
      made((draft) => {
        draft.addPosting(exact);
        draft.addPosting({ ...exact, vector: Float32Array.from(exact.vector) });
      }).next,
    ).toBe(INDEX);
  });

  test('copies the vector: what is done to the array later changes nothing (I1)', () => {
    const vector = new Float32Array([1, 2, 3]);
    const { next } = made((draft) => {
      draft.addPosting({ documentId: 'new', vector });
      vector.fill(9);
    });
    vector.fill(8);
    expect([...postings(next, 'new')[0].vector]).toEqual([1, 2, 3]);
    expectSound(next);
  });
});

describe('addPostings', () => {
  test('says how many were written, that is, were not there already', () => {
    const { value } = made((draft) => [
      draft.addPostings([]),
      draft.addPostings(ALL),
      draft.addPostings([...ALL.slice(0, 5), ...numbered(3, () => [1, 1, 1], 'new')]),
      draft.addPostings([{ ...ALL[0], vector: [7, 7, 7] }, ALL[1]]),
    ]);
    expect(value).toEqual([0, 0, 3, 1]);
  });

  test('keeps the last of several with the same key', () => {
    const same = [1, 2, 3].map((x) => ({ documentId: 'new', start: 4, vector: [x, x, x] }));
    const { value, next } = made((draft) => draft.addPostings(same));
    expect(value).toBe(1);
    expect(postings(next, 'new')).toEqual([
      { documentId: 'new', start: 4, length: 0, vector: Float32Array.of(3, 3, 3) },
    ]);
  });

  test('changes nothing where the last of several with the same key is there already', () => {
    const { value, next } = made((draft) => draft.addPostings([{ ...ALL[3], vector: [1, 1, 1] }, ALL[3]]));
    expect(value).toBe(0);
    expect(next).toBe(INDEX);
  });

  test('takes what an iterable makes on the way, even from this draft', () => {
    const { next } = made((draft) => {
      draft.addPostings(
        (function* () {
          yield { documentId: 'outer', vector: [1, 1, 1] };
          draft.addPosting({ documentId: 'inner', vector: [2, 2, 2] });
          yield { documentId: 'inner', start: 1, vector: [3, 3, 3] };
        })(),
      );
    });
    expect([postings(next, 'outer').length, postings(next, 'inner').length]).toEqual([1, 2]);
    expectSound(next);
  });
});

describe('removePosting and removePostings', () => {
  test('take out just those, whatever else their documents have, and tell how many there were', () => {
    const some = ALL.filter((_, i) => i % 7 === 0);
    const { value, next } = made((draft) =>
      draft.removePostings([...some, ...some, { documentId: 'nobody' }]),
    );
    expect(value).toBe(some.length);
    const twin = twinOf((each) => {
      for (const posting of some) each.removePosting(posting);
    });
    expectSameContents(next, twin);
    expectSameContents(INDEX, twinOf());
  });

  test('take one with its own key only: another start or length is another posting', () => {
    const { value, next } = made((draft) => {
      const { documentId, start = 0, length = 0 } = ALL[0];
      return [
        draft.removePosting({ documentId, start: start + 1, length }),
        draft.removePosting({ documentId, start, length: length + 1 }),
        draft.removePosting({ documentId, start, length }),
        draft.removePosting({ documentId, start, length }),
      ];
    });
    expect(value).toEqual([false, false, true, false]);
    expect(next.postingCount).toBe(INDEX.postingCount - 1);
  });

  test('with the last posting the document goes', () => {
    const of = ALL.filter(({ documentId }) => documentId === 'd4');
    const { next } = made((draft) => {
      for (const posting of of) {
        expect(draft.has('d4')).toBe(true);
        draft.removePosting(posting);
      }
      expect(draft.has('d4')).toBe(false);
    });
    expect([...documentIds(next)]).not.toContain('d4');
    expectSound(next);
  });

  test('where nothing was removed, nothing has changed (I2)', () => {
    expect(made((draft) => draft.removePosting({ documentId: 'd1', start: 999 })).next).toBe(INDEX);
    expect(made((draft) => draft.removePostings([])).next).toBe(INDEX);
  });

  test('with one unusable key none is removed', () => {
    const { next } = made((draft) => {
      for (const bad of [
        null,
        'd1',
        ['d1'],
        {},
        { documentId: 'd1', start: -1 },
        { documentId: 'd1', text: 'x' },
      ]) {
        const error = thrownBy(() => draft.removePostings([ALL[0], bad as never]));
        expect(error).toBeInstanceOf(InvalidPostingError);
        expect(error).toMatchObject({ position: 1 });
      }
    });
    expect(next).toBe(INDEX);
  });

  test('take what a search or the index gives as a key', () => {
    const { next } = made((draft) => {
      for (const hit of search(INDEX, [0, 0, 0], { k: 3, includeVector: true })) draft.removePosting(hit);
      for (const posting of postings(INDEX, 'd2')) draft.removePosting(posting);
    });
    expect(next.postingCount).toBeLessThan(INDEX.postingCount - 3);
    expectSound(next);
  });
});

describe('removeDocument', () => {
  test('removes all postings of a document, and says how many there were', () => {
    const { value, next } = made((draft) => [
      draft.removeDocument('d3'),
      draft.removeDocument('d3'),
      draft.removeDocument('nobody'),
    ]);
    expect(value).toEqual([8, 0, 0]);
    expectSameContents(
      next,
      twinOf((twin) => {
        expect(twin.removeDocument('d3')).toBe(8);
      }),
    );
  });

  test('counts a replaced posting once, and one added in the same draft too', () => {
    const { value } = made((draft) => {
      draft.addPosting({ documentId: 'd3', start: 0, length: 1, vector: [0, 0, 0] });
      draft.addPosting({ documentId: 'd3', start: 0, length: 99, vector: [0, 0, 0] });
      return draft.removeDocument('d3');
    });
    expect(value).toBe(
      8 + (ALL.some((p) => p.documentId === 'd3' && p.start === 0 && p.length === 1) ? 1 : 2),
    );
  });

  test('of everything leaves an empty index, that can be filled again', () => {
    const { next } = made((draft) => {
      for (let d = 0; d < 20; d++) draft.removeDocument(`d${d}`);
    });
    expect(next).toMatchObject({ postingCount: 0, documentCount: 0, shardCount: 0, byteLength: 0 });
    expect(search(next, [0, 0, 0], { k: 3 })).toEqual([]);
    expectSound(next);
    const again = made((draft) => draft.addPostings(ALL), next);
    expectSameContents(again.next, twinOf());
  });
});

describe('removeDocuments', () => {
  test('removes several, each counted once', () => {
    const { value, next } = made((draft) => draft.removeDocuments(['d1', 'nobody', 'd2', 'd1']));
    expect(value).toBe(16);
    expectSameContents(
      next,
      twinOf((twin) => {
        twin.removeDocument('d1');
        twin.removeDocument('d2');
      }),
    );
  });

  test('takes any iterable, and is the same as one by one', () => {
    const ids = ['d5', 'd6', 'd7'];
    const together = made((draft) => draft.removeDocuments(new Set(ids)));
    const single = made((draft) => ids.reduce((sum, id) => sum + draft.removeDocument(id), 0));
    expect(together.value).toBe(single.value);
    expect([...documentIds(together.next)].sort()).toEqual([...documentIds(single.next)].sort());
  });
});

describe('replaceDocument', () => {
  const replacement = [
    { documentId: 'd3', start: 500, vector: [1, 1, 1] },
    { documentId: 'd3', start: 600, vector: [2, 2, 2] },
  ];

  test('makes the document consist of just the given postings', () => {
    const { next } = made((draft) => {
      draft.replaceDocument('d3', replacement);
    });
    expectSameContents(
      next,
      twinOf((twin) => {
        twin.replaceDocument('d3', replacement);
      }),
    );
  });

  test('makes a new document, or none', () => {
    const { next } = made((draft) => {
      draft.replaceDocument('new', [{ documentId: 'new', vector: [1, 2, 3] }]);
      draft.replaceDocument('d4', []);
    });
    expect([postings(next, 'new').length, postings(next, 'd4').length]).toEqual([1, 0]);
    expectSound(next);
  });

  test('keeps the rows that stay the same: it touches no more shards than an add (I4)', () => {
    const mine = postings(INDEX, 'd3');
    const more = { documentId: 'd3', start: 999, vector: [0, 0, 0] };
    const changed = (recipe: (draft: IndexDraft) => void) =>
      [...made(recipe).next.shards.values()]
        .filter((shard) => INDEX.shards.get(shard.id) !== shard)
        .map(({ id }) => id);
    const byReplacing = changed((draft) => {
      draft.replaceDocument('d3', [...mine, more]);
    });
    const byAdding = changed((draft) => {
      draft.addPosting(more);
    });
    expect(byReplacing).toEqual(byAdding);
    expect(byAdding.length).toBeLessThan(INDEX.shardCount);
    expect(
      changed((draft) => {
        draft.replaceDocument('d3', mine);
      }),
    ).toEqual([]);
  });

  test('keeps the last of several with the same key', () => {
    const { next } = made((draft) => {
      draft.replaceDocument('d3', [replacement[0], { ...replacement[0], vector: [5, 5, 5] }]);
    });
    expect(postings(next, 'd3').map(({ vector }) => [...vector])).toEqual([[5, 5, 5]]);
  });
});

describe('has', () => {
  test('sees what the draft has done so far', () => {
    const { value } = made((draft) => {
      const seen = [draft.has('d1'), draft.has('new')];
      draft.removeDocument('d1');
      draft.addPosting({ documentId: 'new', vector: [1, 1, 1] });
      seen.push(draft.has('d1'), draft.has('new'));
      draft.removeDocument('new');
      seen.push(draft.has('new'));
      return seen;
    });
    expect(value).toEqual([true, false, false, true, false]);
  });
});

describe('preview', () => {
  test('is the base itself while nothing has changed (I2)', () => {
    made((draft) => {
      expect(draft.preview()).toBe(INDEX);
      draft.removeDocument('nobody');
      draft.addPosting(ALL[0]);
      expect(draft.preview()).toBe(INDEX);
    });
  });

  test('is the same reference until something changes', () => {
    made((draft) => {
      draft.removeDocument('d1');
      const first = draft.preview();
      expect(draft.preview()).toBe(first);
      draft.has('d1');
      expect(draft.preview()).toBe(first);
      draft.removeDocument('d2');
      expect(draft.preview()).not.toBe(first);
    });
  });

  test('is a sound version that later changes of the draft do not show in (I1)', () => {
    const { next } = made((draft) => {
      const kept: { version: ShardexIndex; twin: NaiveTwin }[] = [];
      const twin = twinOf();
      for (let round = 0; round < 12; round++) {
        const more = numbered(15, () => gaussianVector(RANDOM, 3), `round${round}-`);
        draft.addPostings(more);
        draft.removeDocument(`d${round}`);
        for (const posting of more) twin.add(posting);
        twin.removeDocument(`d${round}`);
        kept.push({ version: draft.preview(), twin: twin.clone() });
      }
      for (const { version, twin: then } of kept) {
        expect(version.version).toBe(INDEX.version + 1);
        expectSameContents(version, then);
      }
    });
    expectSound(next);
  });

  test('is the version that is published, if nothing changes after it', () => {
    const { value, next } = made((draft) => {
      draft.removeDocument('d1');
      return draft.preview();
    });
    expect(next).toBe(value);
  });
});
