import { CowShardexIndex, createIndex, type IndexWriter, postings, search, type ShardexIndex } from 'shardex';
import { describe, expect, test } from 'vitest';
import { METRICS, numbered } from '../../support/postings.js';
import { gaussianVector, seeded } from '../../support/random.js';
import { allPostings, expectSound } from '../../support/sound.js';

const random = seeded(1);
const BASE = createIndex(
  { dimensions: 3, shardCapacity: 16 },
  numbered(100, () => gaussianVector(random, 3)),
);
const QUERIES = Array.from({ length: 5 }, () => gaussianVector(random, 3));

/** All that a reader can see of a version. */
function seen(version: ShardexIndex): unknown {
  return {
    counts: [version.version, version.postingCount, version.documentCount, version.shardCount],
    bytes: version.byteLength,
    postings: allPostings(version),
    results: QUERIES.flatMap((query) =>
      (['all', 2] as const).map((slopFactor) =>
        search(version, query, { k: 20, slopFactor, includeVector: true }),
      ),
    ),
  };
}

const STEPS: Record<string, (writer: IndexWriter) => unknown> = {
  add: (writer) => {
    writer.addPosting({ documentId: 'new', vector: QUERIES[0] });
  },
  'add many': (writer) => writer.addPostings(numbered(60, () => gaussianVector(random, 3), 'many')),
  replace: (writer) => {
    writer.addPosting({ documentId: 'p3', vector: QUERIES[1] });
  },
  remove: (writer) => writer.removeDocuments(['p1', 'p2', 'new']),
  'remove most': (writer) => writer.removeDocuments(Array.from({ length: 90 }, (_, i) => `p${i}`)),
  preview: (writer) => writer.preview(),
};

describe('a held snapshot', () => {
  test('is the same before, during and after whatever a writer does, and however that ends', () => {
    for (const end of ['discard', 'commitChanges'] as const) {
      const cell = new CowShardexIndex(BASE);
      const snapshot = cell.read();
      const before = seen(snapshot);
      const writer = cell.cloneForWrite();
      for (const step of Object.values(STEPS)) {
        step(writer);
        expect(seen(snapshot)).toEqual(before);
        expect(cell.read()).toBe(snapshot);
      }
      writer[end]();
      expect(seen(snapshot)).toEqual(before);
      expect(cell.read() === snapshot).toBe(end === 'discard');
    }
  });

  test('survives any number of later versions, and their being emptied', () => {
    const cell = new CowShardexIndex(BASE);
    const held = [{ version: BASE, before: seen(BASE) }];
    for (const step of [...Object.values(STEPS), ...Object.values(STEPS)]) {
      const writer = cell.cloneForWrite();
      step(writer);
      const { index: version } = writer.commitChanges();
      held.push({ version, before: seen(version) });
    }
    cell.update((draft) => {
      draft.removeDocuments(allPostings(cell.read()).map(({ documentId }) => documentId));
    });
    expect(cell.isEmpty).toBe(true);
    for (const { version, before } of held) {
      expect(seen(version)).toEqual(before);
      expectSound(version);
    }
  });
});

describe('a discarded writer', () => {
  test.each(Object.keys(STEPS))('leaves no trace of: %s', (name) => {
    const cell = new CowShardexIndex(BASE);
    const writer = cell.cloneForWrite();
    STEPS[name](writer);
    writer.discard();
    expect(cell.read()).toBe(BASE);
    expect(cell.metrics()).toMatchObject({
      commits: { count: 0 },
      discards: 1,
      liveWriters: 0,
      liveOldVersions: 0,
      byteLength: BASE.byteLength,
    });
    expect(cell.cloneForWrite().preview()).toBe(BASE);
    // The next writer's work is what it would have been without it.
    const fresh = new CowShardexIndex(BASE);
    const add = (to: CowShardexIndex) =>
      to.update((draft) => {
        draft.addPostings(numbered(40, (i) => [i, 1, -i], 'next'));
      }).index;
    const [after, expected] = [add(cell), add(fresh)];
    expect(seen(after)).toEqual(seen(expected));
    expect([...after.shards.keys()]).toEqual([...expected.shards.keys()]);
    expect(postings(after, 'new')).toEqual([]);
    expectSound(after);
  });
});

describe('a search between any two steps of a writer', () => {
  test.each(METRICS)('neither fails nor changes, by %s', (metric) => {
    const index = createIndex(
      { dimensions: 3, metric, shardCapacity: 8 },
      numbered(50, () => gaussianVector(random, 3)),
    );
    const cell = new CowShardexIndex(index);
    const find = (version: ShardexIndex) => QUERIES.map((query) => search(version, query, { k: 7 }));
    const before = find(cell.read());
    const writer = cell.cloneForWrite();
    let searched = 0;
    // Between the rows of one batch, too.
    function* batch() {
      for (const posting of numbered(100, () => gaussianVector(random, 3), 'new')) {
        expect(find(cell.read())).toEqual(before);
        searched++;
        yield posting;
      }
    }
    writer.addPostings(batch());
    for (let i = 0; i < 50; i++) {
      writer.removeDocument(`p${i}`);
      expect(find(cell.read())).toEqual(before);
    }
    expect(searched).toBe(100);
    writer.commitChanges();
    expect(find(index)).toEqual(before);
    expect(find(cell.read())).not.toEqual(before);
  });
});
