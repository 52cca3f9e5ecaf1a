import { afterEach, expect, test, vi } from 'vitest';
import {
  CowShardexIndex,
  type HistoryOptions,
  InvalidOptionError,
  VersionNotKeptError,
  createIndex,
  verify,
} from 'shardex';
import { collectGarbage } from '../support/garbage.js';

const cellWith = (history?: HistoryOptions): CowShardexIndex =>
  new CowShardexIndex(createIndex({ dimensions: 1 }), history && { history });

function grow(cell: CowShardexIndex, times: number): void {
  for (let i = 0; i < times; i++) {
    const documentId = `d${cell.version}`;
    cell.update((draft) => {
      draft.addPosting({ documentId, vector: [cell.version] });
    });
  }
}

afterEach(() => {
  vi.useRealTimers();
});

test('by default only the current version can be had', () => {
  const cell = cellWith();
  grow(cell, 3);
  expect(cell.versions()).toEqual([3]);
  expect(cell.at(3)).toBe(cell.read());
  expect(() => cell.at(2)).toThrow(VersionNotKeptError);
  expect(() => cell.at('nothing')).toThrow(VersionNotKeptError);
});

test('a ring keeps the newest so many superseded versions, the very same objects', () => {
  const cell = cellWith({ versions: 2 });
  const seen = [cell.read()];
  for (let i = 0; i < 5; i++) {
    grow(cell, 1);
    seen.push(cell.read());
  }
  expect(cell.versions()).toEqual([3, 4, 5]);
  for (const version of [3, 4, 5]) expect(cell.at(version)).toBe(seen[version]);
  expect(() => cell.at(2)).toThrow(VersionNotKeptError);
});

test('a version comes of age whether or not anything is published', () => {
  vi.useFakeTimers();
  const cell = cellWith({ maxAge: 1000 });
  grow(cell, 1);
  vi.advanceTimersByTime(600);
  grow(cell, 1);
  expect(cell.versions()).toEqual([0, 1, 2]);
  vi.advanceTimersByTime(500);
  expect(cell.versions()).toEqual([1, 2]);
  vi.advanceTimersByTime(600);
  expect(cell.versions()).toEqual([2]);
  expect(vi.getTimerCount()).toBe(0);
});

test('tags keep what the ring lets go of, until they are taken away', () => {
  const cell = cellWith({ versions: 1 });
  grow(cell, 1);
  cell.tag('one');
  cell.tag('zero', 0);
  grow(cell, 4);
  expect(cell.versions()).toEqual([0, 1, 4, 5]);
  expect(cell.at('one').version).toBe(1);
  expect([...cell.tags()]).toEqual([
    ['one', 1],
    ['zero', 0],
  ]);
  expect(() => {
    cell.tag('one');
  }).toThrow(InvalidOptionError);
  expect([cell.untag('one'), cell.untag('one')]).toEqual([true, false]);
  expect(() => cell.at('one')).toThrow(VersionNotKeptError);
  expect(() => {
    cell.tag('late', 2);
  }).toThrow(VersionNotKeptError);
});

test('restoring publishes an older state as a new version, so that undoing can be undone', () => {
  const cell = cellWith({ versions: 10 });
  grow(cell, 3);
  const third = cell.read();
  const { index: undone } = cell.restore(1);
  expect(undone.version).toBe(4);
  expect(undone.postingCount).toBe(1);
  expect(undone.shards).toBe(cell.at(1).shards);
  expect(cell.restore(3).index.postingCount).toBe(3);
  expect(cell.version).toBe(5);
  expect(cell.at(3)).toBe(third);
  expect(cell.restore(5).index).toBe(cell.read());
  expect(cell.version).toBe(5);
  grow(cell, 1);
  expect([...verify(cell.read())]).toEqual([]);
  // What is restored counts as another state: its number is another one.
  expect(new Set(cell.versions().map((version) => cell.at(version).fingerprint)).size).toBe(7);
});

test('what neither ring nor tag holds is collected (I8)', async () => {
  const cell = cellWith({ versions: 3 });
  grow(cell, 2);
  cell.tag('kept');
  grow(cell, 20);
  await collectGarbage();
  expect(cell.metrics().liveOldVersions).toBe(4);
  cell.untag('kept');
  await collectGarbage();
  expect(cell.metrics().liveOldVersions).toBe(3);
});

test.each([{}, { versions: 0 }, { maxAge: 0 }, { maxAge: Infinity }, { versions: 1.5 }, { sizes: 3 }, 3])(
  'history %j is refused',
  (history) => {
    expect(() => cellWith(history as HistoryOptions)).toThrow(InvalidOptionError);
  },
);
