import * as shardex from 'shardex';
import { CowShardexIndex, type RowBlock, type ShardexIndex, createIndex, statistics, update } from 'shardex';
import { describe, expect, test } from 'vitest';
import { columnsOf } from '../../../src/version/row-block.js';
import { letsGoOfFilteredVersions } from '../../support/checks/lets-go-of-filtered.js';
import { letsGoOfOldVersions } from '../../support/checks/lets-go.js';
import { fingerprint } from '../../support/fingerprint.js';
import { collectGarbage, survivors } from '../../support/garbage.js';
import { numbered } from '../../support/postings.js';
import { blocksOf } from '../../support/sharing.js';

/*
 * I8. Nothing here keeps a strong reference to what it waits to see collected: versions are looked at inside of
 * functions that have returned by then.
 */

const config = { dimensions: 2, metric: 'euclidean', shardCapacity: 64 } as const;

const refs = (objects: Iterable<object>): WeakRef<object>[] =>
  [...objects].map((object) => new WeakRef(object));

/** The buffers in which rows lie, which is where the memory is. */
const buffersOf = (version: ShardexIndex): WeakRef<object>[] =>
  refs([...blocksOf(version)].map((block) => columnsOf(block as RowBlock).vectors.buffer));

/** A cell with 30 postings near each other, in one shard. */
function filled(): CowShardexIndex {
  return new CowShardexIndex(
    createIndex(
      config,
      numbered(30, (i) => [i, 0]),
    ),
  );
}

/** Replaces every posting, so that no row of the version before is live. */
function replaceAll(cell: CowShardexIndex, x: number): void {
  cell.update((draft) => {
    draft.addPostings(numbered(30, (i) => [i, x]));
  });
}

test('superseded versions that nobody holds are collected, with their rows', async () => {
  await letsGoOfOldVersions(shardex);
});

test('so are those that were searched by filters, with their records', async () => {
  await letsGoOfFilteredVersions(shardex);
});

describe('of a version that somebody holds', () => {
  test('nothing is collected, and nothing changes', async () => {
    const cell = filled();
    const held = cell.read();
    const print = fingerprint(shardex, held, [[1, 1]]);
    const [versions, blocks, buffers] = [refs([held]), refs(blocksOf(held)), buffersOf(held)];
    for (let x = 1; x < 20; x++) replaceAll(cell, x);
    expect(await survivors([...versions, ...blocks, ...buffers])).toBe(1 + blocks.length + buffers.length);
    expect(blocks.length).toBeGreaterThan(0);
    expect(fingerprint(shardex, held, [[1, 1]])).toBe(print);
  });

  test('rows that the current one does not use go with it, and rows that it does use stay', async () => {
    const cell = filled();
    const holder: { version?: ShardexIndex } = { version: cell.read() };
    const old = buffersOf(cell.read());
    replaceAll(cell, 1);
    // This one is in the current version too.
    const shared = buffersOf(cell.read());
    cell.update((draft) => {
      draft.addPosting({ documentId: 'one more', vector: [0, 0] });
    });
    expect(await survivors(old)).toBe(old.length);
    expect(holder.version?.postingCount).toBe(30);
    delete holder.version;
    expect(await survivors(old)).toBe(0);
    expect(await survivors(shared)).toBe(shared.length);
    expect(cell.postingCount).toBe(31);
  });

  test('only what it holds itself: the versions before and after it are collected', async () => {
    const cell = filled();
    const versions: WeakRef<object>[] = [];
    const step = (x: number): void => {
      versions.push(new WeakRef(cell.read()));
      cell.update((draft) => {
        draft.addPosting({ documentId: 'changes', vector: [x, 0] });
      });
    };
    for (let x = 0; x < 10; x++) step(x);
    const held = cell.read();
    for (let x = 10; x < 20; x++) step(x);
    // The held one is the eleventh of those noted.
    expect(await survivors(versions)).toBe(1);
    expect(versions[10].deref()).toBe(held);
  });
});

describe('a writer', () => {
  test('that was discarded is collected, with the rows that only it had', async () => {
    const cell = filled();
    const attempt = (): WeakRef<object>[] => {
      const writer = cell.cloneForWrite();
      writer.addPostings(numbered(500, (i) => [i, i], 'new'));
      const preview = writer.preview();
      const buffers = buffersOf(preview);
      writer.discard();
      return [...refs([writer, preview, writer.base]).slice(0, 2), ...buffers];
    };
    const attempted = attempt();
    expect(attempted.length).toBeGreaterThan(5);
    expect(await survivors(attempted)).toBe(0);
    expect(cell.postingCount).toBe(30);
  });

  test('that was forgotten without either is collected too', async () => {
    const cell = filled();
    const forget = (): WeakRef<object>[] => {
      const writer = cell.cloneForWrite();
      writer.addPosting({ documentId: 'new', vector: [1, 1] });
      return refs([writer]);
    };
    const forgotten = forget();
    expect(cell.metrics().liveWriters).toBe(1);
    expect(await survivors(forgotten)).toBe(0);
    expect(cell.metrics().liveWriters).toBe(0);
  });

  test('that is open keeps its base, and no longer', async () => {
    const cell = filled();
    const open: { writer?: shardex.IndexWriter } = { writer: cell.cloneForWrite() };
    const base = refs([cell.read()]);
    replaceAll(cell, 1);
    replaceAll(cell, 2);
    expect(await survivors(base)).toBe(1);
    delete open.writer;
    expect(await survivors(base)).toBe(0);
  });

  test('that failed to commit leaves nothing behind once it is gone', async () => {
    const cell = filled();
    const fail = (): WeakRef<object>[] => {
      const writer = cell.cloneForWrite();
      writer.addPostings(numbered(30, (i) => [i, 7]));
      replaceAll(cell, 8);
      expect(() => writer.commitChanges()).toThrow(shardex.ConflictError);
      return refs([writer, writer.preview()]);
    };
    expect(await survivors(fail())).toBe(0);
    await collectGarbage(() => cell.metrics().liveOldVersions === 0);
    expect(cell.metrics()).toMatchObject({ liveWriters: 0, liveOldVersions: 0 });
  });
});

test('an aborted update leaves nothing behind, even if its recipe never ends', async () => {
  const cell = filled();
  const drafts: WeakRef<object>[] = [];
  const controller = new AbortController();
  const update = cell.updateAsync(
    (draft) => {
      draft.addPostings(numbered(100, (i) => [i, 3], 'new'));
      drafts.push(new WeakRef(draft));
      return new Promise<void>(() => undefined);
    },
    { signal: controller.signal },
  );
  await new Promise(setImmediate);
  controller.abort();
  await expect(update).rejects.toThrow();
  expect(drafts).toHaveLength(1);
  expect(await survivors(drafts)).toBe(0);
});

test('forks of one version are collected one by one', async () => {
  const base = filled().read();
  const forks = new Map(['a', 'b'].map((name) => [name, new CowShardexIndex(base)]));
  const currents = [...forks].map(([name, cell]) => {
    cell.update((draft) => {
      draft.addPosting({ documentId: name, vector: [0, 0] });
    });
    return new WeakRef(cell.read());
  });
  expect(await survivors(currents)).toBe(2);
  forks.delete('a');
  expect(await survivors(currents)).toBe(1);
  expect(currents[1].deref()?.postingCount).toBe(31);
});

describe('compaction', () => {
  test('frees the dead rows of a shard, and what held them', async () => {
    const cell = filled();
    const blocks = buffersOf(cell.read());
    const bytes = cell.read().byteLength;
    cell.update((draft) => {
      draft.removeDocuments(Array.from({ length: 20 }, (_, i) => `p${i}`));
    });
    expect(statistics(cell.read())).toMatchObject({ postingCount: 10, deadRowCount: 0 });
    expect(cell.read().byteLength).toBeLessThan(bytes / 2);
    expect(await survivors(blocks)).toBe(0);
  });

  test('waits while few rows are dead, and keeps dead rows within bounds for ever', () => {
    let version = filled().read();
    let most = 0;
    for (let x = 0; x < 500; x++) {
      version = update(version, (draft) => {
        draft.addPosting({ documentId: `p${x % 30}`, vector: [x % 30, x] });
      });
      const { deadRowCount, postingCount } = statistics(version);
      expect(postingCount).toBe(30);
      most = Math.max(most, deadRowCount);
    }
    expect(most).toBeGreaterThan(0);
    // A rebuild of one of the shards comes when more than a quarter as many rows are dead as live.
    expect(most).toBeLessThanOrEqual(30 / 4);
    expect(version.byteLength).toBeLessThan(4 * statistics(version).liveByteLength);
  });

  test('comes when more than a quarter as many rows are dead as live, since a search scans them, too', () => {
    const postings = Array.from({ length: 200 }, (_, x) => ({ documentId: `p${x}`, vector: [x, 0] }));
    let version = createIndex({ dimensions: 2, metric: 'euclidean', shardCapacity: 256 }, postings);
    for (let x = 0; x < 50; x++) {
      expect(statistics(version)).toMatchObject({ shardCount: 1, deadRowCount: x });
      version = update(version, (draft) => {
        draft.addPosting({ documentId: `p${x}`, vector: [x, 1] });
      });
    }
    expect(statistics(version)).toMatchObject({ shardCount: 1, postingCount: 200, deadRowCount: 0 });
  });

  test('does not show in a version that is held', async () => {
    const cell = filled();
    const held = cell.read();
    const print = fingerprint(shardex, held, [[1, 1]]);
    cell.update((draft) => {
      draft.removeDocuments(Array.from({ length: 29 }, (_, i) => `p${i}`));
    });
    await collectGarbage();
    expect(fingerprint(shardex, held, [[1, 1]])).toBe(print);
    expect(statistics(held).deadRowCount).toBe(0);
  });
});
