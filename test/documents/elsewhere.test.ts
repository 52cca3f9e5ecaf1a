// Documents in the rest of the house: history, reports, replicas, remote writers, reading.
import {
  CowShardexIndex,
  type Metadata,
  type ShardexError,
  type ShardexIndex,
  createIndex,
  getDocument,
  getDocuments,
  hasDocument,
  documents,
  openRemoteWriter,
  openReplica,
  postings,
  search,
  serveReplicas,
  snippet,
  statistics,
  update,
  verify,
} from 'shardex';
import { describe, expect, test, vi } from 'vitest';
import { rejectionOf } from '../support/thrown.js';
import { edit, empty, films, recordsOf, set } from './fixtures.js';

describe('a cell', () => {
  test('keeps, restores and forks documents', () => {
    const cell = new CowShardexIndex(films, { history: { versions: 5 } });
    cell.update(set('heat', 'year', 1));
    const fork = cell.fork();
    fork.update(set('heat', 'year', 2));
    cell.restore(films.version);
    const years = [cell, fork].map((any) => getDocument(any.read(), 'heat')?.metadata?.year);
    expect(years).toEqual([1995, 2]);
    expect(getDocument(cell.read(), 'heat')).toBe(getDocument(films, 'heat'));
  });

  test('reports the bytes of records that only an old version keeps', () => {
    const cell = new CowShardexIndex(films);
    const pin = cell.pin();
    cell.update((draft) => {
      draft.setText('alone', 'x'.repeat(1000));
    });
    const second = cell.pin();
    cell.update((draft) => {
      draft.setText('alone', 'y');
    });
    const [first, middle] = cell.held();
    expect(first.exclusiveBytes).toBe(2 * 'No vector yet.'.length);
    expect(middle.exclusiveBytes).toBe(2000);
    expect(first.exclusiveBytes + first.sharedBytes).toBe(films.byteLength + films.recordBytes);
    pin.release();
    second.release();
  });

  test('tells watchers of records', () => {
    const cell = new CowShardexIndex(films);
    const seen: unknown[] = [];
    cell.subscribe(({ delta }) => {
      seen.push(delta.records.map(({ before, after }) => [before?.metadata?.year, after?.metadata?.year]));
    });
    cell.update(set('ran', 'year', 1986));
    expect(seen).toEqual([[[1985, 1986]]]);
  });
});

describe('statistics and verify', () => {
  test('count records', () => {
    expect(statistics(films)).toMatchObject({
      documentCount: 4,
      recordCount: 3,
      recordByteLength: films.recordBytes,
    });
    const texts = ['A thief and a policeman.', 'No vector yet.'];
    const json = ['heat', 'ran'].map((id) => JSON.stringify(getDocument(films, id)?.metadata));
    expect(films.recordBytes).toBe(2 * [...texts, ...json].join('').length);
  });

  test.each<[string, Partial<ShardexIndex>, string]>([
    [
      'metadata that can be changed',
      { records: films.records.set('ran', Object.freeze({ metadata: { year: 1985 } })) },
      'I1',
    ],
    [
      'metadata that are no JSON',
      {
        records: films.records.set(
          'ran',
          Object.freeze({ metadata: Object.freeze({ d: new Date(0) }) as never }),
        ),
      },
      'I1',
    ],
    [
      'a record that can be changed',
      { records: films.records.set('ran', { ...films.records.get('ran') }) },
      'I1',
    ],
    ['a record without anything', { records: films.records.set('ran', Object.freeze({})) }, 'I7'],
    ['a wrong count of bytes', { recordBytes: 1 }, 'I7'],
    [
      'a posting beyond its text',
      { records: films.records.set('heat', Object.freeze({ text: 'short' })) },
      'I11',
    ],
    ['a record too many', { records: films.records.set('z', Object.freeze({ text: 'z' })) }, 'I7'],
    [
      'a map that is open',
      { records: films.records.asMutable().set('q', Object.freeze({ text: 'q' })) },
      'I1',
    ],
  ])('find %s', (_, broken, invariant) => {
    expect(verify(Object.freeze({ ...films, ...broken })).map((found) => found.invariant)).toContain(
      invariant,
    );
  });
});

describe('in another thread', () => {
  test('a replica has the same records, and shares those that stay', async () => {
    const { port1, port2 } = new MessageChannel();
    const cell = new CowShardexIndex(films);
    serveReplicas(cell, port1);
    const replica = await openReplica<Metadata>(port2);
    const first = replica.read();
    expect(recordsOf(first)).toEqual(recordsOf(films));
    cell.update(set('ran', 'year', 1));
    cell.update((draft) => {
      draft.removeDocument('alone');
      draft.setMetadata('new', JSON.parse('{"__proto__":1}') as Record<string, number>);
    });
    const next = await replica.waitFor(cell.version);
    expect(next.fingerprint).toBe(cell.read().fingerprint);
    expect(recordsOf(next)).toEqual(recordsOf(cell.read()));
    expect([...verify(next)]).toEqual([]);
    expect(getDocument(next, 'heat')).toBe(getDocument(first, 'heat'));
    expect(next.documentCount).toBe(cell.documentCount);
    cell.update(set('heat', 'year', 1));
    const last = getDocument(await replica.waitFor(cell.version), 'heat')?.metadata;
    expect(last?.year).toBe(1);
    expect(last?.cast).toBe(getDocument(next, 'heat')?.metadata?.cast);
    replica.close();
    port1.close();
  });

  test('a remote writer does all that a draft does with documents', async () => {
    const { port1, port2 } = new MessageChannel();
    const cell = new CowShardexIndex(films);
    serveReplicas(cell, port1, { writable: true });
    const writer = await openRemoteWriter<{ year: number }>(port2);
    await writer.putDocument('new', {
      text: 'ab',
      metadata: { year: 1 },
      postings: [{ length: 2, vector: [1, 1] }],
    });
    expect(await writer.putDocuments([{ documentId: 'two', postings: [{ vector: [0, 1] }] }])).toBe(1);
    await writer.setText('new', 'abc');
    await writer.setMetadata('two', { year: 2 });
    expect(await writer.getDocument('two')).toEqual({ metadata: { year: 2 } });
    expect(await writer.getDocument('nobody')).toBeUndefined();
    // Neither waits for the other, and none is lost.
    await Promise.all(
      [1, 2, 3].map((by) =>
        writer.editMetadata('new', (fields) => {
          fields.year += by;
        }),
      ),
    );
    await expect(writer.editMetadata('nobody', () => undefined)).rejects.toMatchObject({
      code: 'INVALID_METADATA',
    });
    await expect(writer.setMetadata('new', { year: Number.NaN })).rejects.toMatchObject({
      code: 'INVALID_METADATA',
      path: 'year',
    });
    await expect(
      writer.putDocument('new', { text: 'a', postings: [{ length: 2, vector: [1, 1] }] }),
    ).rejects.toMatchObject({ code: 'INVALID_POSTING' });
    await expect(writer.setText('heat', 'short')).rejects.toMatchObject({ code: 'INVALID_POSTING' });
    // An edit there conflicts with none of another field here.
    await writer.editMetadata('heat', (fields) => {
      fields.year = 1996;
    });
    cell.update(set('heat', 'title', 'HEAT'));
    await writer.commitChanges();
    expect(getDocument(cell.read(), 'heat')?.metadata).toMatchObject({ year: 1996, title: 'HEAT' });
    expect(getDocument(cell.read(), 'new')).toEqual({ text: 'abc', metadata: { year: 7 } });
    expect([...verify(cell.read())]).toEqual([]);
    port1.close();
  });
});

test('a remote writer removes and edits what passes a filter, all or none', async () => {
  const { port1, port2 } = new MessageChannel();
  const cell = new CowShardexIndex(films);
  serveReplicas(cell, port1, { writable: true });
  const writer = await openRemoteWriter<{ year: number; seen?: number }>(port2);
  const seeAll = (): Promise<number> =>
    writer.editWhere({ year: { $gt: 1900 } }, (film, documentId) => {
      film.seen = (film.seen ?? 0) + documentId.length;
    });
  // None waits for another, and none is lost.
  expect(await Promise.all([seeAll(), seeAll(), seeAll()])).toEqual([2, 2, 2]);
  expect((await writer.getDocument('heat'))?.metadata).toMatchObject({ year: 1995, seen: 12 });
  expect((await writer.getDocument('ran'))?.metadata).toEqual({ year: 1985, seen: 9 });
  const before = await writer.getDocument('heat');
  const late = vi.fn().mockResolvedValue(undefined) as () => void;
  const refused = [
    () => writer.editWhere({ seen: 9 }, (film) => void (film.year = NaN)),
    () => writer.editWhere({ seen: { $gt: 0 } }, (film, id) => void (film.year = id === 'ran' ? NaN : 1)),
    () => writer.editWhere({ seen: 9 }, late),
    () => writer.editWhere({ seen: 77 }, 'seen' as never),
    () => writer.editWhere({ year: { $near: 1 } } as object, () => undefined),
    () => writer.removeWhere({ $or: [] }),
  ];
  const codes: unknown[] = [];
  for (const call of refused) codes.push(((await rejectionOf(call())) as ShardexError).code);
  expect(codes).toEqual([
    'INVALID_METADATA',
    'INVALID_METADATA',
    'ASYNC_RECIPE',
    'INVALID_OPTION',
    'INVALID_FILTER',
    'INVALID_FILTER',
  ]);
  expect(await writer.getDocument('heat')).toEqual(before);
  expect(await writer.removeWhere({ seen: { $lt: 10 } })).toBe(1);
  // What an edit touches is its field alone.
  cell.update(set('heat', 'title', 'HEAT'));
  await writer.commitChanges();
  expect(hasDocument(cell.read(), 'ran')).toBe(false);
  expect(getDocument(cell.read(), 'heat')?.metadata).toMatchObject({ title: 'HEAT', seen: 12 });
  port1.close();
});

describe('reading', () => {
  test('several documents, in the order asked for', () => {
    expect(getDocuments(films, ['ran', 'bare', 'ran'])).toEqual([
      { metadata: { year: 1985 } },
      undefined,
      { metadata: { year: 1985 } },
    ]);
    expect(() => getDocuments(films, 'ran' as never)).toThrow();
  });

  test('pages of documents, ascending by code units', () => {
    const odd = update(films, (draft) => {
      for (const id of ['\ud83d\ude00', '\uffff', 'Z', 'é']) draft.setText(id, id);
    });
    const all = [...documents(odd)].map(({ documentId }) => documentId);
    expect(all).toEqual(['Z', 'alone', 'bare', 'heat', 'ran', 'é', '\ud83d\ude00', '\uffff']);
    const paged: string[] = [];
    for (let after: string | undefined, page = ['']; page.length > 0; after = page.at(-1) ?? after) {
      page = [...documents(odd, { limit: 3, ...(after !== undefined && { after }) })].map(
        ({ documentId }) => documentId,
      );
      paged.push(...page);
    }
    expect(paged).toEqual(all);
    expect([...documents(films, { after: 'heat' })]).toEqual([
      { documentId: 'ran', metadata: { year: 1985 } },
    ]);
    expect(() => documents(films, { limit: 0 })).toThrow();
    expect([...documents(empty)]).toEqual([]);
  });

  test('the text around a result, without cutting a character in two', () => {
    const [hit] = search(films, [0, 1], { k: 1 });
    expect(hit).toMatchObject({ documentId: 'heat', start: 8 });
    expect(snippet(films, hit)).toBe('and a policeman.');
    expect(snippet(films, hit, { around: 3 })).toBe('ef and a policeman.');
    expect(snippet(films, { documentId: 'ran', start: 0, length: 9 })).toBeUndefined();
    expect(snippet(films, { documentId: 'heat', start: 100, length: 1 }, { around: 2 })).toBe('');
    const faces = update(films, (draft) => {
      draft.setText('faces', 'a\u{1f600}b\u{1f600}c');
    });
    expect(snippet(faces, { documentId: 'faces', start: 3, length: 1 }, { around: 1 })).toBe(
      '\u{1f600}b\u{1f600}',
    );
    expect(() => snippet(films, hit, { around: -1 })).toThrow();
  });
});

describe('what a change of a record costs', () => {
  const many = update(createIndex({ dimensions: 2 }), (draft) => {
    draft.putDocuments(
      Array.from({ length: 5000 }, (_, i) => ({
        documentId: `d${i}`,
        metadata: { i, tags: ['x'] },
        postings: [{ vector: [i, 1] }],
      })),
    );
  });

  /** Nodes of the trie that one version has and another has not. */
  function freshNodes(before: ShardexIndex, after: ShardexIndex): number {
    const nodes = (map: unknown, into: Set<object>): Set<object> => {
      const walk = (node: { nodes?: unknown[] } | undefined): void => {
        if (node === undefined || into.has(node)) return;
        into.add(node);
        for (const child of node.nodes ?? []) walk(child as { nodes?: unknown[] } | undefined);
      };
      walk((map as { _root?: { nodes?: unknown[] } })._root);
      return into;
    };
    const old = nodes(before.records, new Set());
    return [...nodes(after.records, new Set())].filter((node) => !old.has(node)).length;
  }

  test('a path of nodes, one record, and no shard', () => {
    const next = update(
      many,
      edit('d77', (fields) => {
        fields.i = -1;
      }),
    );
    expect(freshNodes(many, next)).toBeLessThanOrEqual(Math.ceil(Math.log(5000) / Math.log(32)) + 2);
    expect(next.shards).toBe(many.shards);
    expect(next.documents).toBe(many.documents);
    const others = [...many.records].filter(([id, record]) => next.records.get(id) !== record);
    expect(others.map(([id]) => id)).toEqual(['d77']);
    expect(getDocument(next, 'd77')?.metadata?.tags).toBe(getDocument(many, 'd77')?.metadata?.tags);
  });

  test('a posting that is added shares all records', () => {
    const next = update(many, (draft) => {
      draft.addPosting({ documentId: 'd1', start: 1, vector: [3, 3] });
    });
    expect(next.records).toBe(many.records);
    expect(postings(next, 'd1')).toHaveLength(2);
  });
});
