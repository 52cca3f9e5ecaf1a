// Two writers that change documents: what is joined, and what is a conflict, whoever comes first.
import {
  ConflictError,
  CowShardexIndex,
  type Metadata,
  type ShardexIndex,
  getDocument,
  hasDocument,
  postings,
  update,
  verify,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { thrownBy } from '../support/thrown.js';
import { type Change, changed, edit, films, recordsOf, set } from './fixtures.js';

/** What comes of a document that two sides changed; `undefined` where they conflict. */
type Outcome = readonly [first: string, one: Change, other: Change, outcome: unknown];

const heat = getDocument(films, 'heat');
const fields = heat?.metadata ?? {};

const joined: readonly Outcome[] = [
  [
    'two fields',
    set('heat', 'year', 1996),
    set('heat', 'title', 'HEAT'),
    { ...heat, metadata: { ...fields, year: 1996, title: 'HEAT' } },
  ],
  [
    'two fields of an object in it',
    edit('heat', ({ cast }) => {
      (cast as Metadata & { lead: string }).lead = 'A';
    }),
    edit('heat', ({ cast }) => {
      (cast as { other: string }).other = 'B';
    }),
    { ...heat, metadata: { ...fields, cast: { lead: 'A', other: 'B' } } },
  ],
  [
    'a field that is new and one that goes',
    set('heat', 'new', 1),
    edit('heat', (all) => {
      delete all.tags;
    }),
    { ...heat, metadata: { title: 'Heat', year: 1995, cast: fields.cast, new: 1 } },
  ],
  [
    'the text and a field',
    (draft) => {
      draft.setText('heat', 'x'.repeat(24));
    },
    set('heat', 'year', 1),
    { text: 'x'.repeat(24), metadata: { ...fields, year: 1 } },
  ],
  [
    'a field and a posting',
    set('heat', 'year', 1),
    (draft) => {
      draft.addPosting({ documentId: 'heat', start: 1, vector: [1, 1] });
    },
    { ...heat, metadata: { ...fields, year: 1 } },
  ],
  [
    'a field and all postings',
    set('heat', 'year', 1),
    (draft) => {
      draft.replaceDocument('heat', []);
    },
    { ...heat, metadata: { ...fields, year: 1 } },
  ],
  [
    'a text and a posting within it',
    (draft) => {
      draft.setText('heat', 'x'.repeat(30));
    },
    (draft) => {
      draft.addPosting({ documentId: 'heat', start: 20, length: 4, vector: [1, 1] });
    },
    { ...heat, text: 'x'.repeat(30) },
  ],
];

const conflicting: readonly (readonly [
  string,
  Change,
  Change,
  fields: readonly unknown[],
  postings: number,
])[] = [
  [
    'one field',
    set('heat', 'year', 1),
    set('heat', 'year', 2),
    [{ documentId: 'heat', part: 'metadata', path: 'year' }],
    0,
  ],
  [
    'one field, alike',
    set('heat', 'year', 1),
    set('heat', 'year', 1),
    [{ documentId: 'heat', part: 'metadata', path: 'year' }],
    0,
  ],
  [
    'a field that is new on both sides',
    set('heat', 'a.b', 1),
    set('heat', 'a.b', 2),
    [{ documentId: 'heat', part: 'metadata', path: 'a.b' }],
    0,
  ],
  [
    'an array',
    edit('heat', (all) => {
      (all.tags as string[]).push('x');
    }),
    edit('heat', (all) => {
      (all.tags as string[]).push('y');
    }),
    [{ documentId: 'heat', part: 'metadata', path: 'tags' }],
    0,
  ],
  [
    'all metadata and a field',
    (draft) => {
      draft.setMetadata('heat', { ...fields, year: 1 });
    },
    set('heat', 'title', 'x'),
    [{ documentId: 'heat', part: 'metadata', path: 'title' }],
    0,
  ],
  [
    'all metadata, as they were, and a field',
    (draft) => {
      draft.setMetadata('heat', { ...fields });
    },
    set('heat', 'title', 'x'),
    [{ documentId: 'heat', part: 'metadata', path: 'title' }],
    0,
  ],
  [
    'the text',
    (draft) => {
      draft.setText('heat', 'x'.repeat(24));
    },
    (draft) => {
      draft.setText('heat', 'y'.repeat(24));
    },
    [{ documentId: 'heat', part: 'text', path: 'text' }],
    0,
  ],
  [
    'a field and the document',
    set('ran', 'year', 1),
    (draft) => {
      draft.removeDocument('ran');
    },
    [{ documentId: 'ran', part: 'metadata', path: 'year' }],
    0,
  ],
  [
    'a posting and the document, which has none',
    (draft) => {
      draft.addPosting({ documentId: 'alone', vector: [1, 1] });
    },
    (draft) => {
      draft.removeDocument('alone');
    },
    [],
    1,
  ],
  [
    'a text and a posting beyond it',
    (draft) => {
      draft.setText('ran', 'short');
    },
    (draft) => {
      draft.addPosting({ documentId: 'ran', start: 9, vector: [1, 1] });
    },
    [],
    1,
  ],
];

/** Ways in which two drafts of one version come to be committed one after the other. */
const ways: readonly (readonly [
  string,
  (one: Change, other: Change) => ShardexIndex | Promise<ShardexIndex>,
])[] = [
  [
    'writers',
    (one, other) => {
      const cell = new CowShardexIndex(films);
      const [first, second] = [cell.cloneForWrite(), cell.cloneForWrite()];
      one(first);
      other(second);
      first.commitChanges();
      return second.commitChanges().index;
    },
  ],
  [
    'a version that is committed, and a writer',
    (one, other) => {
      const cell = new CowShardexIndex(films);
      const writer = cell.cloneForWrite();
      other(writer);
      cell.commitChanges(update(films, one), { expected: films });
      return writer.commitChanges().index;
    },
  ],
];

function expectSound(index: ShardexIndex): void {
  expect([...verify(index)]).toEqual([]);
}

describe.each(ways)('%s', (way, commit) => {
  test.each(joined)('join %s', async (_, one, other, outcome) => {
    for (const [first, second] of [
      [one, other],
      [other, one],
    ] as const) {
      const index = await commit(first, second);
      expectSound(index);
      expect(getDocument(index, 'heat')).toEqual(outcome);
      expect(getDocument(index, 'ran')).toBe(getDocument(films, 'ran'));
    }
  });

  test.each(conflicting)('conflict in %s', async (what, one, other, met, count) => {
    // What was touched and not changed is not to be seen in a version.
    const isUnseen = way !== 'writers' && /^all metadata|which has none/.test(what);
    const orders = isUnseen
      ? []
      : ([
          [one, other],
          [other, one],
        ] as const);
    for (const [first, second] of orders) {
      const error: unknown = await Promise.resolve()
        .then(() => commit(first, second))
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ConflictError);
      const { fields, postings } = error as ConflictError;
      if (what.endsWith('and the document'))
        expect(fields).toMatchObject([{ documentId: 'ran', part: 'metadata' }]);
      else expect(fields).toEqual(met);
      expect(postings.length).toBeGreaterThanOrEqual(count);
    }
  });
});

describe('an ingest', () => {
  const ingested = async (source: readonly unknown[], meanwhile: Change): Promise<ShardexIndex> => {
    const cell = new CowShardexIndex(films);
    async function* slowly(): AsyncGenerator {
      yield* source;
      await Promise.resolve();
      cell.update(meanwhile);
    }
    const { index } = await cell.ingest(slowly() as AsyncGenerator<{ documentId: string }>);
    expectSound(index);
    return index;
  };
  const item = {
    documentId: 'new',
    text: 'n',
    metadata: { n: [1] },
    postings: [{ length: 1, vector: [1, 1] }],
  };

  test('takes documents and postings, and joins what others did to other documents', async () => {
    const index = await ingested(
      [item, { documentId: 'bare', start: 1, vector: [0, 1] }, { documentId: 'ran', metadata: { year: 1 } }],
      set('heat', 'year', 1996),
    );
    expect(recordsOf(index)).toEqual({
      ...recordsOf(films),
      heat: { ...heat, metadata: { ...fields, year: 1996 } },
      new: { text: 'n', metadata: { n: [1] } },
      ran: { metadata: { year: 1 } },
    });
    expect(['new', 'bare', 'ran'].map((id) => postings(index, id).length)).toEqual([1, 2, 0]);
  });

  test('comes to what a batch of them does', async () => {
    const cell = new CowShardexIndex(films);
    const many = Array.from({ length: 60 }, (_, i) => ({
      documentId: `d${i % 40}`,
      text: `text ${i}`,
      metadata: { i },
      postings: [{ start: i % 3, vector: [i, 1] }],
    }));
    const { index } = await cell.ingest(many, { sliceMs: 0 });
    const batch = update(films, (draft) => {
      expect(draft.putDocuments(many)).toBe(40);
    });
    expect(index.fingerprint).toBe(batch.fingerprint);
    const single = update(films, (draft) => {
      for (const { documentId, ...document } of many) draft.putDocument(documentId, document);
    });
    expect(recordsOf(single)).toEqual(recordsOf(batch));
    expect(postings(single, 'd3')).toEqual(postings(batch, 'd3'));
  });

  test('of records alone publishes them, and of what is there nothing', async () => {
    const index = await ingested([{ documentId: 'alone', text: 'other' }], () => undefined);
    expect(getDocument(index, 'alone')).toEqual({ text: 'other' });
    const same = await ingested([{ documentId: 'alone', text: 'No vector yet.' }], () => undefined);
    expect(same).toBe(films);
  });

  test.each<[string, unknown, Change]>([
    ['a field of a document that it puts', { ...item, documentId: 'heat' }, set('heat', 'year', 1)],
    [
      'the text of a document that it puts',
      { ...item, documentId: 'alone' },
      (draft) => {
        draft.setText('alone', '');
      },
    ],
    [
      'a posting of a document that it puts',
      { ...item, documentId: 'bare' },
      (draft) => {
        draft.addPosting({ documentId: 'bare', vector: [0, 1] });
      },
    ],
    [
      'a document that it puts, which goes',
      { ...item, documentId: 'ran' },
      (draft) => {
        draft.removeDocument('ran');
      },
    ],
    [
      'a text that a posting of it reaches beyond',
      { documentId: 'ran', start: 9, vector: [1, 1] },
      (draft) => {
        draft.setText('ran', 'short');
      },
    ],
  ])('conflicts with who changes %s', async (_, given, meanwhile) => {
    await expect(ingested([given], meanwhile)).rejects.toBeInstanceOf(ConflictError);
  });

  test('refuses what no document may be, and publishes nothing', async () => {
    for (const given of [
      { documentId: 'x', text: 1 },
      { documentId: '', text: 'x' },
      { documentId: 'x', metadata: { d: new Date(0) } },
      { documentId: 'x', text: 'x', title: 'x' },
      { documentId: 'x', text: 'x', postings: [{ start: 1, length: 1, vector: [1, 1] }] },
      { documentId: 'x' },
    ]) {
      const cell = new CowShardexIndex(films);
      await expect(cell.ingest([item, given as typeof item])).rejects.toMatchObject({ code: /^INVALID_/ });
      expect(cell.read()).toBe(films);
    }
  });
});

describe('updateAsync', () => {
  test('loses no edit of one field, however many there are', async () => {
    const cell = new CowShardexIndex(changed(films, set('heat', 'views', 0)));
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        cell.updateAsync(async (draft) => {
          const { views } = draft.getDocument('heat')?.metadata as unknown as { views: number };
          for (let turn = 0; turn <= i % 4; turn++) await Promise.resolve();
          draft.editMetadata('heat', (all) => {
            (all as { views?: unknown }).views = views + 1;
          });
        }),
      ),
    );
    expect(getDocument(cell.read(), 'heat')?.metadata).toMatchObject({ views: 20 });
  });
});

test('a writer that failed to commit publishes nothing and can still be read', () => {
  const cell = new CowShardexIndex(films);
  const writer = cell.cloneForWrite();
  set('heat', 'year', 1)(writer);
  cell.update(set('heat', 'year', 2));
  expect(thrownBy(() => writer.commitChanges())).toBeInstanceOf(ConflictError);
  expect(getDocument(cell.read(), 'heat')?.metadata?.year).toBe(2);
  expect(writer.getDocument('heat')?.metadata?.year).toBe(1);
  expect(hasDocument(writer.preview(), 'heat')).toBe(true);
});
