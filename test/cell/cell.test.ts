import {
  CowShardexIndex,
  type CowShardexIndexOptions,
  createIndex,
  hasDocument,
  InvalidIndexError,
  InvalidOptionError,
  type Recipe,
  type ShardexIndex,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { numbered } from '../support/postings.js';
import { expectSound } from '../support/sound.js';

const INDEX = createIndex(
  { dimensions: 1, metric: 'euclidean', shardCapacity: 8 },
  numbered(50, (i) => [i]),
);
const add = (documentId: string): Recipe => {
  return (draft) => {
    draft.addPosting({ documentId, vector: [1] });
  };
};

describe('a cell', () => {
  test('shows the version it was made of', () => {
    const cell = new CowShardexIndex(INDEX);
    expect(cell.read()).toBe(INDEX);
    expect(cell).toMatchObject({ version: 1, postingCount: 50, documentCount: 50, isEmpty: false });
    expect(cell.shardCount).toBe(INDEX.shardCount);
    expect(new CowShardexIndex(createIndex({ dimensions: 1 }))).toMatchObject({
      version: 0,
      shardCount: 0,
      postingCount: 0,
      documentCount: 0,
      isEmpty: true,
    });
  });

  test('shows every update, and its counts', () => {
    const cell = new CowShardexIndex(createIndex({ dimensions: 1 }));
    const { index: next } = cell.update(add('a'));
    expect(cell.read()).toBe(next);
    expect(cell).toMatchObject({
      version: 1,
      postingCount: 1,
      documentCount: 1,
      shardCount: 1,
      isEmpty: false,
    });
    cell.update((draft) => {
      draft.removeDocument('a');
    });
    expect(cell).toMatchObject({ version: 2, postingCount: 0, shardCount: 0, isEmpty: true });
  });

  test('may share a version with other cells, which go their own ways', () => {
    const [one, other] = [new CowShardexIndex(INDEX), new CowShardexIndex(INDEX)];
    one.update(add('one'));
    other.update(add('other'));
    other.update(add('more'));
    expect([one.version, other.version]).toEqual([2, 3]);
    expect([one.read(), other.read()].map((v) => hasDocument(v, 'one'))).toEqual([true, false]);
    expectSound(one.read());
    expectSound(other.read());
  });

  test('gives the same reference to every reader, until something is published', () => {
    const cell = new CowShardexIndex(INDEX);
    const writer = cell.cloneForWrite();
    writer.removeDocument('p1');
    writer.preview();
    expect(cell.read()).toBe(INDEX);
    expect(cell.read()).toBe(cell.read());
    writer.commitChanges();
    expect(cell.read()).not.toBe(INDEX);
  });

  test('numbers what it publishes one by one (I2)', () => {
    const cell = new CowShardexIndex(INDEX);
    for (let i = 0; i < 10; i++) {
      cell.update(add(`n${i}`));
      expect(cell.version).toBe(2 + i);
      cell.update(add(`n${i}`));
      // Nothing changed, so nothing was published.
      expect(cell.version).toBe(2 + i);
    }
  });
});

describe('update', () => {
  test('publishes all of a recipe or, if it throws, none of it', () => {
    const cell = new CowShardexIndex(INDEX);
    const mine = new RangeError('mine');
    const fail: Recipe = (draft) => {
      add('new')(draft);
      draft.removeDocument('p1');
      throw mine;
    };
    expect(() => cell.update(fail)).toThrow(mine);
    expect(cell.read()).toBe(INDEX);
    expect(cell.metrics()).toMatchObject({ discards: 1, liveWriters: 0 });
  });

  test('returns what it did', () => {
    const cell = new CowShardexIndex(INDEX);
    expect(cell.update(add('new')).index).toBe(cell.read());
    expect(cell.update(() => undefined)).toMatchObject({
      index: cell.read(),
      previous: cell.read(),
      isEmpty: true,
    });
  });
});

describe('the constructor refuses', () => {
  test('what is not an index', () => {
    for (const value of [null, undefined, {}, 5, { dimensions: 1 }]) {
      expect(() => new CowShardexIndex(value as unknown as ShardexIndex)).toThrow(InvalidIndexError);
    }
  });

  test('unusable options', () => {
    for (const maxPendingWrites of [0, -1, 1.5, 1_000_001, Number.NaN, '5', null]) {
      const options = { maxPendingWrites } as unknown as CowShardexIndexOptions;
      expect(() => new CowShardexIndex(INDEX, options)).toThrow(InvalidOptionError);
    }
    for (const options of [null, 5, 'a', { maxPending: 5 }]) {
      expect(() => new CowShardexIndex(INDEX, options as CowShardexIndexOptions)).toThrow(InvalidOptionError);
    }
    for (const maxPendingWrites of [1, 1_000_000]) {
      expect(new CowShardexIndex(INDEX, { maxPendingWrites }).read()).toBe(INDEX);
    }
  });
});
