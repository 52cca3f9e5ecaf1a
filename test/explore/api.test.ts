/* What the explorer answers is what the library says. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ShardexIndex,
  diff,
  getDocument,
  postings,
  recordChanges,
  searchExplained,
  similar,
  similarExplained,
  snippet,
  statistics,
  update,
} from 'shardex';
import { differenceOf } from '../../src/explore/api/difference.js';
import { documentOf } from '../../src/explore/api/document.js';
import { findIn } from '../../src/explore/api/find.js';
import { axesOf } from '../../src/explore/api/projection.js';
import { shardMapOf } from '../../src/explore/api/shard-map.js';
import { sharingOf } from '../../src/explore/api/sharing.js';
import { DIMENSIONS, newCell, vectors } from './support.js';

const cell = newCell();
const [empty, first, second, last] = [0, 1, 2, 3].map((version) => cell.at(version));

/** What a version shares with another one, as slowly as can be. */
function naiveSharing(shown: ShardexIndex, against: ShardexIndex) {
  const ids = [...new Set([...shown.shards.keys(), ...against.shards.keys()])];
  const state = (id: number): string => {
    const [here, there] = [shown.shards.get(id), against.shards.get(id)];
    if (here === undefined) return 'gone';
    if (there === undefined) return 'new';
    return here === there ? 'shared' : 'changed';
  };
  return new Map(ids.map((id) => [id, state(id)]));
}

describe('a map', () => {
  test.each([
    [second, first],
    [last, first],
    [last, second],
    [first, last],
    [last, last],
    [last, empty],
    [empty, last],
  ])('has every shard once, with its rows and what it shares (%#)', (shown, against) => {
    const map = shardMapOf({ shown, against, isComparable: true }, axesOf(against));
    const wanted = naiveSharing(shown, against);
    expect(new Map(map.shards.map(({ id, state }) => [id, state]))).toEqual(wanted);
    expect(map.shards).toHaveLength(wanted.size);
    const there = map.shards.filter(({ state }) => state !== 'gone');
    expect(there.reduce((sum, { rows }) => sum + rows, 0)).toBe(shown.postingCount);
    expect(there.reduce((sum, { dead }) => sum + dead, 0)).toBe(statistics(shown).deadRowCount);
    for (const state of ['shared', 'changed', 'new', 'gone'] as const)
      expect(map.against?.counts[state]).toBe([...wanted.values()].filter((one) => one === state).length);
    expect((map.against?.sharedBytes ?? 0) + (map.against?.ownBytes ?? 0)).toBe(shown.byteLength);
  });

  test('stays where it is while versions come: places depend on the version that is compared', () => {
    const axes = axesOf(first);
    const place = (shown: ShardexIndex) =>
      new Map(
        shardMapOf({ shown, against: first, isComparable: true }, axes).shards.map(({ id, x, y }) => [
          id,
          [x, y],
        ]),
      );
    const [before, after] = [place(second), place(last)];
    const both = [...before.keys()].filter((id) => after.has(id));
    expect(both.length).toBeGreaterThan(5);
    for (const id of both) expect(after.get(id)).toEqual(before.get(id));
  });

  test('says nothing of what cannot be compared', () => {
    const map = shardMapOf({ shown: last, against: first, isComparable: false }, axesOf(first));
    expect(map.shards.every(({ state }) => state === undefined)).toBe(true);
    expect(map.against).toMatchObject({ version: 1, isComparable: false });
    expect(
      shardMapOf({ shown: last, against: undefined, isComparable: true }, axesOf(last)).against,
    ).toBeUndefined();
  });

  test('a version after any writes shares what no write touched', () => {
    const next = vectors(9);
    const all = [...postings(last)];
    fc.assert(
      fc.property(fc.array(fc.nat(all.length - 1), { maxLength: 6 }), fc.nat(5), (removed, added) => {
        const index = update(last, (draft) => {
          for (const i of removed) draft.removePosting(all[i]);
          for (let i = 0; i < added; i++) draft.addPosting({ documentId: `x${i}`, vector: next() });
        });
        const { states, gone } = sharingOf(index, last);
        const wanted = naiveSharing(index, last);
        expect(states.size + gone.length).toBe(wanted.size);
        for (const [id, state] of states) expect(state).toBe(wanted.get(id));
      }),
      { numRuns: 40 },
    );
  });
});

describe('a difference', () => {
  test.each([
    [first, second],
    [second, first],
    [empty, last],
    [last, last],
  ])('has what diff and recordChanges say (%#)', (from, to) => {
    const delta = diff(from, to);
    const found = differenceOf(from, to, 1000);
    expect([found.added, found.removed, found.updated]).toEqual([delta.added, delta.removed, delta.updated]);
    const wanted = recordChanges(from, delta).map(({ documentId, before, after }) => ({
      documentId,
      before: before?.text,
      after: after?.text,
      metadata: after?.metadata,
    }));
    expect(
      found.records.map(({ documentId, before, after }) => ({
        documentId,
        before: before?.text,
        after: after?.text,
        metadata: after?.metadata,
      })),
    ).toEqual(wanted);
    expect(found.counts.records).toBe(wanted.length);
  });

  test('lists the first of many, counts all, and cuts long texts', () => {
    const found = differenceOf(empty, last, 5);
    expect(found.added).toHaveLength(5);
    expect(found.counts.added).toBe(last.postingCount);
    const long = update(last, (draft) => {
      draft.setText('d1', 'x'.repeat(9000));
    });
    const [{ after }] = differenceOf(last, long, 5).records;
    expect([after?.text?.length, after?.textLength]).toEqual([2000, 9000]);
  });
});

describe('a search', () => {
  const axes = axesOf(last);
  const vector = Array.from({ length: DIMENSIONS }, (_, i) => Math.sin(i + 1));

  test.each([{}, { where: { group: 2 } }, { recall: 1 }, { recall: 0.5, where: { group: { $gt: 2 } } }])(
    'by a vector finds what searchExplained does, by the same way: %j',
    (more) => {
      const wanted = searchExplained(last, vector, { k: 7, ...more });
      const found = findIn(last, axes, { vector, k: 7, ...more });
      expect(found.explanation).toEqual(wanted.explanation);
      expect(found.results).toMatchObject(wanted.results);
      for (const result of found.results) {
        const record = getDocument(last, result.documentId);
        expect(result.metadata).toEqual(record?.metadata);
        if (record?.text !== undefined) expect(result.text).toBe(snippet(last, result));
      }
    },
  );

  test('for more like a document finds what similar does', () => {
    const found = findIn(last, axes, { like: 'd20', k: 7 });
    expect(found.results.map(({ documentId, distance }) => [documentId, distance])).toEqual(
      similar(last, 'd20', { k: 7 }).map(({ documentId, distance }) => [documentId, distance]),
    );
    expect(found.explanation).toEqual(similarExplained(last, 'd20', { k: 7 })?.explanation);
  });

  test('without a query, with two, or for a document that is not there is refused', () => {
    for (const sought of [{}, { vector, like: 'd1' }, { like: 'nobody' }])
      expect(() => findIn(last, axes, { k: 3, ...sought })).toThrow();
  });
});

test('a document is shown with its text, metadata and postings', () => {
  expect(documentOf(last, 'd8')).toEqual({
    documentId: 'd8',
    text: 'another text, by hand',
    textLength: 21,
    metadata: { group: 3 },
    postings: [{ start: 4, length: 4 }],
  });
  expect(() => documentOf(last, 'd7')).toThrow('no document');
});
