import {
  CowShardexIndex,
  createIndex,
  type IndexDraft,
  type IndexWriter,
  update,
  WriterClosedError,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { numbered } from '../support/postings.js';
import { expectSound } from '../support/sound.js';

const INDEX = createIndex(
  { dimensions: 1 },
  numbered(9, (i) => [i]),
);

/** Every method of a draft, with nothing wrong but that the draft is closed. */
const USES: Record<string, (draft: IndexDraft) => unknown> = {
  addPosting: (draft) => {
    draft.addPosting({ documentId: 'a', vector: [1] });
  },
  addPostings: (draft) => draft.addPostings([]),
  removePosting: (draft) => draft.removePosting({ documentId: 'p1' }),
  removePostings: (draft) => draft.removePostings([]),
  putDocument: (draft) => {
    draft.putDocument('p1', { text: 'a' });
  },
  putDocuments: (draft) => draft.putDocuments([]),
  setText: (draft) => {
    draft.setText('p1', 'a');
  },
  setMetadata: (draft) => {
    draft.setMetadata('p1', { a: 1 });
  },
  editMetadata: (draft) => {
    draft.editMetadata('p1', () => undefined);
  },
  editWhere: (draft) => draft.editWhere({}, () => undefined),
  removeWhere: (draft) => draft.removeWhere({}),
  getDocument: (draft) => draft.getDocument('p1'),
  removeDocument: (draft) => draft.removeDocument('p1'),
  removeDocuments: (draft) => draft.removeDocuments([]),
  replaceDocument: (draft) => {
    draft.replaceDocument('p1', []);
  },
  has: (draft) => draft.has('p1'),
  preview: (draft) => draft.preview(),
};

/** What a draft has not, and says so, closed or not. */
const ELSEWHERE = ['getPosting', 'postings', 'search', 'updatePosting'];

/** And those that a writer has besides. */
const WRITER_USES: Record<string, (writer: IndexWriter) => unknown> = {
  ...USES,
  hasChanges: (writer) => writer.hasChanges,
  commitChanges: (writer) => writer.commitChanges(),
};

const ENDINGS: Record<string, (writer: IndexWriter) => unknown> = {
  committed: (writer) => writer.commitChanges(),
  discarded: (writer) => {
    writer.discard();
  },
  disposed: (writer) => {
    writer[Symbol.dispose]();
  },
};

test('no method is missing here', () => {
  const methodsOf = (prototype: object) =>
    Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor');
  const writer = Object.getPrototypeOf(new CowShardexIndex(INDEX).cloneForWrite()) as object;
  expect(methodsOf(writer).sort()).toEqual(['commitChanges', 'discard', 'hasChanges']);
  expect(methodsOf(Object.getPrototypeOf(writer) as object).sort()).toEqual(
    [...Object.keys(USES), ...ELSEWHERE].sort(),
  );
});

describe.each(Object.keys(ENDINGS))('a writer that was %s', (how) => {
  test.each(Object.keys(WRITER_USES))('throws on %s', (use) => {
    const cell = new CowShardexIndex(INDEX);
    const writer = cell.cloneForWrite();
    writer.addPosting({ documentId: 'new', vector: [1] });
    ENDINGS[how](writer);
    const after = cell.read();
    expect(() => WRITER_USES[use](writer)).toThrow(WriterClosedError);
    expect(cell.read()).toBe(after);
    expectSound(after);
  });

  test('may be discarded again, to no effect', () => {
    const cell = new CowShardexIndex(INDEX);
    const writer = cell.cloneForWrite();
    writer.removeDocument('p1');
    ENDINGS[how](writer);
    const [after, { discards, liveWriters }] = [cell.read(), cell.metrics()];
    writer.discard();
    writer[Symbol.dispose]();
    expect(cell.read()).toBe(after);
    expect(cell.metrics()).toMatchObject({ discards, liveWriters });
  });
});

test.each(Object.keys(USES))('a draft whose recipe has returned throws on %s', (use) => {
  let kept: IndexDraft | undefined;
  const next = update(INDEX, (draft) => {
    kept = draft;
    draft.removeDocument('p1');
  });
  expect(() => kept && USES[use](kept)).toThrow(WriterClosedError);
  expect(next.postingCount).toBe(8);
});

test('the error says how it came to be closed', () => {
  for (const [how, end] of Object.entries(ENDINGS)) {
    const writer = new CowShardexIndex(INDEX).cloneForWrite();
    end(writer);
    expect(() => writer.preview()).toThrow(how === 'committed' ? 'committed' : 'discarded');
  }
});
