import {
  type CommitOptions,
  ConflictError,
  CowShardexIndex,
  createIndex,
  InvalidOptionError,
  postings,
  search,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { numbered } from '../support/postings.js';
import { allPostings, expectSound } from '../support/sound.js';

const BASE = createIndex(
  { dimensions: 1, metric: 'euclidean', shardCapacity: 8 },
  numbered(30, (i) => [i]),
);

describe('a writer', () => {
  test('starts from the current version, which it keeps as its base', () => {
    const cell = new CowShardexIndex(BASE);
    const writer = cell.cloneForWrite();
    expect(writer.base).toBe(BASE);
    expect(writer.preview()).toBe(BASE);
    cell.update((draft) => {
      draft.removeDocument('p1');
    });
    expect(writer.base).toBe(BASE);
    expect(writer.has('p1')).toBe(true);
    expect(cell.cloneForWrite().base).toBe(cell.read());
  });

  test('sees its own changes, and nobody else does until it commits (I1)', () => {
    const cell = new CowShardexIndex(BASE);
    const [writer, other] = [cell.cloneForWrite(), cell.cloneForWrite()];
    const found = search(BASE, [7], { k: 30, slopFactor: 'all' });
    writer.removeDocument('p7');
    writer.addPostings(numbered(40, (i) => [i / 2], 'mine'));
    expect(writer.preview().postingCount).toBe(69);
    for (const version of [cell.read(), other.preview(), BASE]) {
      expect(version).toBe(BASE);
      expect(search(version, [7], { k: 30, slopFactor: 'all' })).toEqual(found);
    }
    writer.commitChanges();
    expect(cell.postingCount).toBe(69);
    expect(other.preview()).toBe(BASE);
  });

  test('knows whether it has changes', () => {
    const writer = new CowShardexIndex(BASE).cloneForWrite();
    expect(writer.hasChanges).toBe(false);
    writer.removeDocument('nobody');
    writer.addPosting({ documentId: 'p3', vector: [3] });
    expect(writer.hasChanges).toBe(false);
    writer.addPosting({ documentId: 'p3', vector: [4] });
    expect(writer.hasChanges).toBe(true);
  });

  test('that commits without changes publishes nothing, and returns what is current', () => {
    const cell = new CowShardexIndex(BASE);
    expect(cell.cloneForWrite().commitChanges().index).toBe(BASE);
    const late = cell.cloneForWrite();
    const { index: current } = cell.update((draft) => {
      draft.removeDocument('p1');
    });
    expect(late.commitChanges({ onConflict: 'fail' }).index).toBe(current);
    expect(cell.read()).toBe(current);
  });

  test('commits the very version that it previewed, where nobody came between', () => {
    const cell = new CowShardexIndex(BASE);
    const writer = cell.cloneForWrite();
    writer.removeDocument('p7');
    const preview = writer.preview();
    expect(writer.commitChanges().index).toBe(preview);
    expect(cell.read()).toBe(preview);
  });

  test('is disposed of by `using`, and then leaves no trace', () => {
    const cell = new CowShardexIndex(BASE);
    {
      using writer = cell.cloneForWrite();
      writer.removeDocument('p7');
      expect(writer.hasChanges).toBe(true);
    }
    expect(cell.read()).toBe(BASE);
    expect(cell.metrics()).toMatchObject({ discards: 1, liveWriters: 0 });
    {
      using writer = cell.cloneForWrite();
      writer.removeDocument('p7');
      writer.commitChanges();
    }
    expect(cell.postingCount).toBe(29);
    expect(cell.metrics()).toMatchObject({ discards: 1, liveWriters: 0 });
  });
});

describe('after a refused commit', () => {
  function refused() {
    const cell = new CowShardexIndex(BASE);
    const writer = cell.cloneForWrite();
    writer.addPosting({ documentId: 'p7', vector: [100] });
    writer.addPosting({ documentId: 'mine', vector: [1] });
    const { index: theirs } = cell.update((draft) => {
      draft.addPosting({ documentId: 'p8', vector: [200] });
    });
    return { cell, writer, theirs };
  }

  test('the writer is still open, with its changes, and can commit in another way', () => {
    const { cell, writer, theirs } = refused();
    const preview = writer.preview();
    expect(() => writer.commitChanges({ onConflict: 'fail' })).toThrow(ConflictError);
    expect(cell.read()).toBe(theirs);
    expect(writer.preview()).toBe(preview);
    expect(cell.metrics()).toMatchObject({ conflicts: 1, rebases: 0, liveWriters: 1 });
    const { index: joined } = writer.commitChanges();
    expect(cell.read()).toBe(joined);
    expect(joined.version).toBe(3);
    expect(['p7', 'p8', 'mine'].map((id) => postings(joined, id)[0].vector[0])).toEqual([100, 200, 1]);
    expect(cell.metrics()).toMatchObject({ conflicts: 1, rebases: 1, liveWriters: 0 });
    expectSound(joined);
  });

  test('it can be discarded', () => {
    const { cell, writer, theirs } = refused();
    expect(() => writer.commitChanges({ onConflict: 'fail' })).toThrow(ConflictError);
    writer.discard();
    expect(cell.read()).toBe(theirs);
    expect(cell.metrics()).toMatchObject({ conflicts: 1, discards: 1, liveWriters: 0 });
  });

  test('it goes on being refused, even once the document is again as it was in the base', () => {
    const { cell, writer } = refused();
    cell.update((draft) => {
      draft.addPosting({ documentId: 'p7', vector: [300] });
    });
    for (let i = 0; i < 3; i++) expect(() => writer.commitChanges()).toThrow(ConflictError);
    expect(postings(cell.read(), 'p7')[0].vector[0]).toBe(300);
    cell.update((draft) => {
      draft.addPosting({ documentId: 'p7', vector: [7] });
    });
    expect(() => writer.commitChanges()).toThrow(ConflictError);
    expect(postings(cell.read(), 'p7')[0].vector[0]).toBe(7);
  });
});

describe('bad commit options', () => {
  test.each([
    [{ onConflict: 'retry' }],
    [{ onConflict: null }],
    [{ onconflict: 'fail' }],
    [null],
    [5],
    ['fail'],
  ])('%o are refused, and the writer stays open', (options) => {
    const cell = new CowShardexIndex(BASE);
    const writer = cell.cloneForWrite();
    writer.removeDocument('p7');
    expect(() => writer.commitChanges(options as CommitOptions)).toThrow(InvalidOptionError);
    expect(cell.read()).toBe(BASE);
    expect(writer.commitChanges({}).index.postingCount).toBe(29);
  });
});

test('any number of writers with disjoint changes all commit, in any order', () => {
  const cell = new CowShardexIndex(BASE);
  const writers = Array.from({ length: 12 }, () => cell.cloneForWrite());
  writers.forEach((writer, i) => {
    writer.removeDocument(`p${i}`);
    writer.addPostings(numbered(9, (p) => [i + p / 10], `w${i}-`));
  });
  for (const i of [3, 11, 0, 7, 1, 10, 2, 4, 9, 5, 8, 6]) writers[i].commitChanges();
  expect([cell.version, cell.postingCount]).toEqual([13, 30 - 12 + 12 * 9]);
  const ids = new Set(allPostings(cell.read()).map(({ documentId }) => documentId));
  for (let i = 0; i < 12; i++) {
    expect(ids.has(`p${i}`)).toBe(false);
    for (let p = 0; p < 9; p++) expect(ids.has(`w${i}-${p}`)).toBe(true);
  }
  expectSound(cell.read());
});
