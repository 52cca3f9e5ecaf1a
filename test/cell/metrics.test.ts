import { ConflictError, CowShardexIndex, createIndex, type Recipe } from 'shardex';
import { afterEach, describe, expect, test, vi } from 'vitest';

afterEach(() => {
  vi.restoreAllMocks();
});

const EMPTY = createIndex({ dimensions: 1 });
const add = (documentId: string, value = 1): Recipe => {
  return (draft) => {
    draft.addPosting({ documentId, vector: [value] });
  };
};

/** A clock that each look at advances by as much as the next of these says, in milliseconds. */
function clock(...steps: number[]): void {
  let now = 1000;
  vi.spyOn(performance, 'now').mockImplementation(() => {
    const at = now;
    now += steps.shift() ?? 0;
    return at;
  });
}

describe('the metrics of a cell', () => {
  test('are all 0 in the beginning, and frozen', () => {
    const none = { count: 0, totalMs: 0, meanMs: 0, maxMs: 0 };
    const metrics = new CowShardexIndex(EMPTY).metrics();
    expect(metrics).toEqual({
      clones: none,
      commits: none,
      conflicts: 0,
      rebases: 0,
      retries: 0,
      discards: 0,
      liveWriters: 0,
      pendingWrites: 0,
      liveOldVersions: 0,
      byteLength: 0,
    });
    expect(Object.isFrozen(metrics) && Object.isFrozen(metrics.clones)).toBe(true);
  });

  test('are a reading: later events do not show in it', () => {
    const cell = new CowShardexIndex(EMPTY);
    const before = cell.metrics();
    cell.update(add('a'));
    expect(before.commits.count).toBe(0);
    expect(cell.metrics().commits.count).toBe(1);
  });

  test('time clones and commits to fractions of a millisecond', () => {
    const cell = new CowShardexIndex(EMPTY);
    // From the start of a clone to its end; from one call to the next; and the same for the commit.
    clock(0.000_25, 0, 0.125);
    cell.cloneForWrite();
    const writer = cell.cloneForWrite();
    vi.restoreAllMocks();
    expect(cell.metrics().clones.count).toBe(2);
    expect(cell.metrics().clones.totalMs).toBeCloseTo(0.125_25, 9);
    expect(cell.metrics().clones.meanMs).toBeCloseTo(0.062_625, 9);
    expect(cell.metrics().clones.maxMs).toBeCloseTo(0.125, 9);
    add('a')(writer);
    clock(0.003);
    writer.commitChanges();
    vi.restoreAllMocks();
    expect(cell.metrics().commits.count).toBe(1);
    expect(cell.metrics().commits.totalMs).toBeCloseTo(0.003, 9);
  });

  test('count as commits only what was published', () => {
    const cell = new CowShardexIndex(EMPTY);
    cell.update(add('a'));
    cell.update(add('a'));
    cell.cloneForWrite().commitChanges();
    expect(cell.metrics()).toMatchObject({ commits: { count: 1 }, clones: { count: 3 }, liveWriters: 0 });
  });

  test('count conflicts, rebases and discards', () => {
    const cell = new CowShardexIndex(EMPTY);
    const writers = [cell.cloneForWrite(), cell.cloneForWrite(), cell.cloneForWrite()];
    expect(cell.metrics().liveWriters).toBe(3);
    writers.forEach((writer, i) => {
      add(i === 1 ? 'other' : 'same', i)(writer);
    });
    writers[0].commitChanges();
    writers[1].commitChanges();
    expect(() => writers[2].commitChanges()).toThrow(ConflictError);
    expect(cell.metrics()).toMatchObject({
      commits: { count: 2 },
      rebases: 1,
      conflicts: 1,
      discards: 0,
      liveWriters: 1,
    });
    writers[2].discard();
    expect(cell.metrics()).toMatchObject({ discards: 1, liveWriters: 0 });
  });

  test('count the versions that were superseded, and the bytes of the current one', () => {
    const cell = new CowShardexIndex(EMPTY);
    const held = [cell.read()];
    for (let i = 0; i < 5; i++) held.push(cell.update(add(`a${i}`)).index);
    expect(cell.metrics().liveOldVersions).toBe(5);
    expect(cell.metrics().byteLength).toBe(cell.read().byteLength);
    expect(cell.metrics().byteLength).toBeGreaterThan(0);
    // All of them are held until here.
    expect(held.map(({ version }) => version)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('count asynchronous updates while they are under way, and how often they were run again', async () => {
    const cell = new CowShardexIndex(EMPTY);
    const updates = ['a', 'b', 'c'].map((documentId) =>
      cell.updateAsync(async (draft) => {
        await Promise.resolve();
        add(documentId)(draft);
      }),
    );
    expect(cell.metrics()).toMatchObject({ pendingWrites: 3, liveWriters: 3 });
    await Promise.all(updates);
    const { pendingWrites, liveWriters, retries, commits, clones, discards } = cell.metrics();
    expect([pendingWrites, liveWriters, commits.count]).toEqual([0, 0, 3]);
    expect(retries).toBeGreaterThan(0);
    // Each run has a writer of its own.
    expect(clones.count).toBe(3 + retries);
    expect(discards).toBe(retries);
  });
});
