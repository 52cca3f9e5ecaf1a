import {
  ConflictError,
  CowShardexIndex,
  createIndex,
  hasDocument,
  InvalidIndexError,
  InvalidOptionError,
  type ShardexIndex,
  update,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { numbered } from '../support/postings.js';
import { expectSound } from '../support/sound.js';
import { thrownBy } from '../support/thrown.js';

const OPTIONS = { dimensions: 1, metric: 'euclidean', shardCapacity: 8 } as const;
const BASE = createIndex(
  OPTIONS,
  numbered(20, (i) => [i]),
);
const plus = (index: ShardexIndex, documentId: string) =>
  update(index, (draft) => {
    draft.addPosting({ documentId, vector: [3] });
  });

describe('publishing a version made with the pure functions', () => {
  test('works over the version it was made from', () => {
    const cell = new CowShardexIndex(BASE);
    const next = plus(BASE, 'a');
    expect(cell.commitChanges(next, { expected: BASE }).index).toBe(next);
    expect(cell.read()).toBe(next);
    expect(cell.metrics().commits.count).toBe(1);
  });

  test('conflicts where another version is current, and publishes nothing (I3)', () => {
    const cell = new CowShardexIndex(BASE);
    const { index: theirs } = cell.update((draft) => {
      draft.removeDocument('p1');
    });
    const error = thrownBy(() => cell.commitChanges(plus(BASE, 'a'), { expected: BASE }));
    expect(error).toBeInstanceOf(ConflictError);
    expect(error).toMatchObject({
      baseVersion: 1,
      currentVersion: 2,
      documents: [],
      postings: [],
      shards: [],
    });
    expect(cell.read()).toBe(theirs);
    expect(cell.metrics()).toMatchObject({ conflicts: 1 });
  });

  test('numbers it as the next one, whatever its own number (I2)', () => {
    const cell = new CowShardexIndex(BASE);
    const far = plus(plus(plus(BASE, 'a'), 'b'), 'c');
    expect(far.version).toBe(4);
    const { index: published } = cell.commitChanges(far, { expected: BASE });
    expect(published.version).toBe(2);
    expect(cell.read()).toBe(published);
    expect(published.documentCount).toBe(23);
    expect(far.version).toBe(4);
    expectSound(published);
    // Back to an older state, as a new version.
    const { index: restored } = cell.commitChanges(BASE, { expected: published });
    expect([restored.version, restored.postingCount]).toEqual([3, 20]);
    expectSound(restored);
  });

  test('never lets a shard id be used twice', () => {
    const cell = new CowShardexIndex(BASE);
    const { index: grown } = cell.update((draft) => {
      draft.addPostings(numbered(50, (i) => [i / 3], 'more'));
    });
    const { index: restored } = cell.commitChanges(BASE, { expected: grown });
    expect(restored.nextShardId).toBe(grown.nextShardId);
    const { index: again } = cell.update((draft) => {
      draft.addPostings(numbered(50, (i) => [i / 3], 'more'));
    });
    const fresh = [...again.shards.keys()].filter((id) => !restored.shards.has(id));
    expect(Math.min(...fresh)).toBeGreaterThanOrEqual(grown.nextShardId);
    expectSound(again);
  });

  test('nor where a branch has the right number already', () => {
    const cell = new CowShardexIndex(BASE);
    const { index: grown } = cell.update((draft) => {
      draft.addPostings(numbered(50, (i) => [i / 3], 'more'));
    });
    const branch = plus(plus(BASE, 'a'), 'b');
    expect(branch.version).toBe(grown.version + 1);
    expect(branch.nextShardId).toBeLessThan(grown.nextShardId);
    const { index: published } = cell.commitChanges(branch, { expected: grown });
    expect([published.version, published.nextShardId]).toEqual([3, grown.nextShardId]);
    expectSound(published);
  });

  test('of the expected version itself publishes nothing', () => {
    const cell = new CowShardexIndex(BASE);
    expect(cell.commitChanges(BASE, { expected: BASE }).index).toBe(BASE);
    const { index: current } = cell.update((draft) => {
      draft.removeDocument('p1');
    });
    expect(cell.commitChanges(BASE, { expected: BASE }).index).toBe(current);
    expect(cell.metrics().commits.count).toBe(1);
  });

  test('of a preview of an open writer works, and that writer can do no harm afterwards', () => {
    const cell = new CowShardexIndex(BASE);
    const writer = cell.cloneForWrite();
    writer.addPosting({ documentId: 'a', vector: [3] });
    const preview = writer.preview();
    expect(cell.commitChanges(preview, { expected: BASE }).index).toBe(preview);
    writer.addPosting({ documentId: 'b', vector: [4] });
    expect(cell.read()).toBe(preview);
    expect(hasDocument(preview, 'b')).toBe(false);
    expectSound(preview);
    expectSound(writer.preview());
  });
});

describe('it is refused', () => {
  test('for versions of another configuration, though it be equal', () => {
    const cell = new CowShardexIndex(BASE);
    const other = createIndex(OPTIONS);
    expect(() => cell.commitChanges(plus(other, 'a'), { expected: other })).toThrow(InvalidIndexError);
    expect(() => cell.commitChanges(plus(other, 'a'), { expected: BASE })).toThrow(InvalidIndexError);
    expect(() => cell.commitChanges(plus(BASE, 'a'), { expected: other })).toThrow(InvalidIndexError);
    expect(cell.read()).toBe(BASE);
  });

  test('for what is not a version', () => {
    const cell = new CowShardexIndex(BASE);
    const none = {} as ShardexIndex;
    expect(() => cell.commitChanges(none, { expected: BASE })).toThrow(InvalidIndexError);
    expect(() => cell.commitChanges(BASE, { expected: none })).toThrow(InvalidIndexError);
    expect(() => cell.commitChanges(BASE, {} as { expected: ShardexIndex })).toThrow(InvalidIndexError);
  });

  test('for options that are none, or unknown', () => {
    const cell = new CowShardexIndex(BASE);
    for (const options of [undefined, null, 5, { expected: BASE, onConflict: 'rebase' }]) {
      expect(() => cell.commitChanges(BASE, options as { expected: ShardexIndex })).toThrow(
        InvalidOptionError,
      );
    }
  });
});
