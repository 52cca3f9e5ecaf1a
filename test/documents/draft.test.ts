// Documents on a draft: what they are made of, when they exist, what is refused, and what a change costs.
import {
  type DocumentInput,
  type IndexDraft,
  InvalidOptionError,
  InvalidPostingError,
  InvalidVectorError,
  type ShardexIndex,
  WriterClosedError,
  createIndex,
  documentIds,
  getDocument,
  hasDocument,
  postings,
  update,
  verify,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { thrownBy } from '../support/thrown.js';

const empty = createIndex({ dimensions: 2 });
const heat = update(empty, (draft) => {
  draft.putDocument('heat', {
    text: 'A thief and a policeman.',
    metadata: { year: 1995 },
    postings: [
      { start: 0, length: 7, vector: [1, 0] },
      { start: 8, length: 16, vector: [0, 1] },
    ],
  });
});

function expectSound(index: ShardexIndex): void {
  expect([...verify(index)]).toEqual([]);
}

describe('a document that is put', () => {
  test('has what it was given, and no more', () => {
    expect(getDocument(heat, 'heat')).toEqual({ text: 'A thief and a policeman.', metadata: { year: 1995 } });
    expect(postings(heat, 'heat').map(({ start }) => start)).toEqual([0, 8]);
    const bare = update(heat, (draft) => {
      draft.putDocument('heat', { metadata: { year: 1996 } });
    });
    expect(getDocument(bare, 'heat')).toEqual({ metadata: { year: 1996 } });
    expect(postings(bare, 'heat')).toEqual([]);
    expectSound(bare);
    const gone = update(heat, (draft) => {
      draft.putDocument('heat', {});
    });
    expect(hasDocument(gone, 'heat')).toBe(false);
    expect(gone.documentCount).toBe(0);
  });

  test('as it is changes nothing', () => {
    const again = update(heat, (draft) => {
      draft.putDocument('heat', {
        postings: [
          { documentId: 'heat', start: 0, length: 7, vector: [1, 0] },
          { documentId: 'heat', start: 8, length: 16, vector: [0, 1] },
        ],
        text: 'A thief and a policeman.',
        metadata: { year: 1995 },
      });
      draft.setText('heat', 'A thief and a policeman.');
      draft.setMetadata('heat', { year: 1995 });
    });
    expect(again).toBe(heat);
  });

  const good = { start: 0, length: 1, vector: [1, 0] };
  test.each<[string, unknown, new (...args: never[]) => Error]>([
    [
      'with a posting of another one',
      { postings: [good, { ...good, documentId: 'ran' }] },
      InvalidPostingError,
    ],
    [
      'with a posting beyond its text',
      { text: 'short', postings: [good, { ...good, length: 6 }] },
      InvalidPostingError,
    ],
    ['with a vector that is none', { postings: [good, { vector: [1] }] }, InvalidVectorError],
    ['with postings that are none', { postings: good }, InvalidPostingError],
    ['with a text that is none', { text: 7 }, InvalidOptionError],
    ['with an unknown field', { title: 'Heat' }, InvalidOptionError],
    ['that is none', 'Heat', InvalidOptionError],
    ['that is null', null, InvalidOptionError],
  ])('%s is refused, and nothing of it is put', (_, given, kind) => {
    update(heat, (draft) => {
      expect(
        thrownBy(() => {
          draft.putDocument('heat', given as DocumentInput);
        }),
      ).toBeInstanceOf(kind);
      expect(draft.preview()).toBe(heat);
    });
  });
});

describe('a document exists', () => {
  test('as long as it has a posting, a text or metadata', () => {
    const steps: [(draft: IndexDraft) => void, exists: boolean][] = [
      [
        (draft) => {
          draft.setText('a', '');
        },
        true,
      ],
      [
        (draft) => {
          draft.setMetadata('a', {});
        },
        true,
      ],
      [
        (draft) => {
          draft.setText('a', undefined);
        },
        true,
      ],
      [
        (draft) => {
          draft.addPosting({ documentId: 'a', vector: [1, 0] });
        },
        true,
      ],
      [
        (draft) => {
          draft.setMetadata('a', undefined);
        },
        true,
      ],
      [
        (draft) => {
          draft.replaceDocument('a', []);
        },
        false,
      ],
      [
        (draft) => {
          draft.putDocument('a', { text: 'x', postings: [{ vector: [0, 1] }] });
        },
        true,
      ],
      [
        (draft) => {
          draft.replaceDocument('a', []);
        },
        true,
      ],
      [
        (draft) => {
          draft.removeDocument('a');
        },
        false,
      ],
    ];
    let index: ShardexIndex = heat;
    for (const [step, exists] of steps) {
      index = update(index, (draft) => {
        step(draft);
        expect(draft.has('a')).toBe(exists);
      });
      expect(hasDocument(index, 'a')).toBe(exists);
      expect(index.documentCount).toBe(exists ? 2 : 1);
      expect([...documentIds(index)].sort()).toEqual(exists ? ['a', 'heat'] : ['heat']);
      expectSound(index);
    }
    expect(index.records).toEqual(heat.records);
  });

  test('and is removed with all it has, while a replaced one keeps its text and metadata', () => {
    const replaced = update(heat, (draft) => {
      draft.replaceDocument('heat', []);
    });
    expect(getDocument(replaced, 'heat')).toBe(getDocument(heat, 'heat'));
    const removed = update(heat, (draft) => {
      expect(draft.removeDocument('heat')).toBe(2);
      expect(draft.getDocument('heat')).toBeUndefined();
    });
    expect(removed).toMatchObject({ documentCount: 0, postingCount: 0, recordBytes: 0 });
    expect(removed.records.size).toBe(0);
  });
});

describe('a text', () => {
  test('may end where the last posting does, in UTF-16 code units, and no earlier', () => {
    update(heat, (draft) => {
      draft.setText('heat', 'x'.repeat(24));
      expect(
        thrownBy(() => {
          draft.setText('heat', 'x'.repeat(23));
        }),
      ).toBeInstanceOf(InvalidPostingError);
      expect(draft.getDocument('heat')?.text).toBe('x'.repeat(24));
      draft.setText('heat', '\u{1f600}'.repeat(12));
      draft.setText('heat', undefined);
      draft.addPosting({ documentId: 'heat', start: 1000, vector: [1, 1] });
    });
  });

  test('refuses postings beyond it, alone or in a batch, and none of that is added', () => {
    update(heat, (draft) => {
      const beyond = { documentId: 'heat', start: 24, length: 1, vector: [1, 1] };
      for (const add of [
        () => {
          draft.addPosting(beyond);
        },
        () => {
          draft.addPostings([{ documentId: 'other', vector: [1, 0] }, beyond]);
        },
        () => {
          draft.replaceDocument('heat', [beyond]);
        },
      ]) {
        const error = thrownBy(add);
        expect(error).toBeInstanceOf(InvalidPostingError);
        expect(String(error)).toContain('24');
      }
      expect(draft.preview()).toBe(heat);
      draft.addPosting({ ...beyond, length: 0 });
    });
  });
});

test('a draft that is closed has no documents to change', () => {
  let kept: IndexDraft | undefined;
  update(heat, (draft) => {
    kept = draft;
  });
  for (const use of [
    () => {
      kept?.setText('a', '');
    },
    () => {
      kept?.setMetadata('a', {});
    },
    () => {
      kept?.editMetadata('a', () => undefined);
    },
    () => {
      kept?.putDocument('a', {});
    },
    () => kept?.getDocument('a'),
  ])
    expect(use).toThrow(WriterClosedError);
});

test('an id has to be one', () => {
  update(heat, (draft) => {
    for (const id of ['', 7 as unknown as string])
      for (const use of [
        () => {
          draft.setText(id, '');
        },
        () => {
          draft.setMetadata(id, {});
        },
        () => {
          draft.editMetadata(id, () => undefined);
        },
        () => {
          draft.putDocument(id, {});
        },
        () => draft.getDocument(id),
      ])
        expect(use).toThrow(InvalidPostingError);
  });
});

test('what a change of records does to a version: a new fingerprint, and the very same shards', () => {
  const edited = update(heat, (draft) => {
    draft.editMetadata('heat', (film) => {
      (film as { year: number }).year = 1996;
    });
  });
  expect(edited.version).toBe(heat.version + 1);
  expect(edited.shards).toBe(heat.shards);
  expect(edited.documents).toBe(heat.documents);
  expect(edited.centroids).toBe(heat.centroids);
  expect(edited.calibration).toBe(heat.calibration);
  expect(edited.changed.ids).toEqual([]);
  const again = update(heat, (draft) => {
    draft.setMetadata('heat', { year: 1996 });
  });
  expect(again.fingerprint).toBe(edited.fingerprint);
  const prints = [
    heat,
    edited,
    update(heat, (draft) => {
      draft.setText('heat', 'x'.repeat(24));
    }),
  ].map(({ fingerprint }) => fingerprint);
  expect(new Set(prints).size).toBe(3);
});

test('an index without records has what it had before there were any', () => {
  const index = createIndex({ dimensions: 2 }, [{ documentId: 'a', vector: [1, 0] }]);
  expect(index.records).toBe(empty.records);
  // As of before records: what is stored elsewhere has to go on fitting.
  expect(createIndex({ dimensions: 2 }).fingerprint).toBe('80a991585f0098f7');
  expect(index.fingerprint).toBe('22e7908cfde0df87');
});
