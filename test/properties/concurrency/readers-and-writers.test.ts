import { type AsyncRecipe, CowShardexIndex, createIndex, postings, search, type ShardexIndex } from 'shardex';
import { describe, expect, test } from 'vitest';
import { NaiveTwin } from '../../support/naive-twin.js';
import { numbered } from '../../support/postings.js';
import { gaussianVector, integerBelow, pick, seeded } from '../../support/random.js';
import { allPostings, expectSameContents, expectSound } from '../../support/sound.js';

const OPTIONS = { dimensions: 4, metric: 'euclidean', shardCapacity: 8 } as const;
const tick = () => new Promise((resolve) => setImmediate(resolve));

describe('readers while writers commit', () => {
  test('see whole commits only, in order, and the same each time they look', async () => {
    const random = seeded(1);
    const cell = new CowShardexIndex(createIndex(OPTIONS));
    // Commit n puts document `pair-n-a` and `pair-n-b` in, and takes those of three commits before out.
    const commit = (n: number): AsyncRecipe => {
      return async (draft) => {
        draft.addPosting({ documentId: `pair-${n}-a`, vector: gaussianVector(random, 4) });
        await Promise.resolve();
        draft.addPostings(numbered(7, () => gaussianVector(random, 4), `fill-${n}-`));
        if (n >= 3) draft.removeDocuments([`pair-${n - 3}-a`, `pair-${n - 3}-b`]);
        await Promise.resolve();
        draft.addPosting({ documentId: `pair-${n}-b`, vector: gaussianVector(random, 4) });
      };
    };
    const held: { version: ShardexIndex; contents: unknown; found: unknown }[] = [];
    let done = false;
    const reader = async () => {
      while (!done) {
        const version = cell.read();
        const ids = allPostings(version).map(({ documentId }) => documentId);
        const pairs = ids.filter((id) => id.startsWith('pair')).map((id) => id.slice(0, -2));
        // Both halves of a pair, or neither.
        for (const pair of pairs) expect(pairs.filter((other) => other === pair)).toHaveLength(2);
        expect(new Set(pairs).size).toBe(Math.min(version.version, 3));
        expect(ids).toHaveLength(version.postingCount);
        expect(version.version).toBeGreaterThanOrEqual(held.at(-1)?.version.version ?? 0);
        held.push({
          version,
          contents: allPostings(version),
          found: search(version, [0, 0, 0, 0], { k: 9 }),
        });
        await tick();
      }
    };
    const writer = async () => {
      for (let n = 0; n < 60; n++) {
        await cell.updateAsync(commit(n));
        if (n % 3 === 0) await tick();
      }
      done = true;
    };
    await Promise.all([reader(), reader(), writer()]);
    expect(cell.version).toBe(60);
    expect(new Set(held.map(({ version }) => version)).size).toBeGreaterThan(15);
    // And long afterwards each is what it was.
    for (const { version, contents, found } of held) {
      expect(allPostings(version)).toEqual(contents);
      expect(search(version, [0, 0, 0, 0], { k: 9 })).toEqual(found);
    }
  });
});

describe('writers one after another', () => {
  test('each start from what the one before has published, and add to it', () => {
    const random = seeded(2);
    const cell = new CowShardexIndex(createIndex(OPTIONS));
    const twin = new NaiveTwin(OPTIONS);
    for (let n = 0; n < 25; n++) {
      const before = cell.read();
      const writer = cell.cloneForWrite();
      expect(writer.base).toBe(before);
      const added = numbered(1 + integerBelow(random, 12), () => gaussianVector(random, 4), `n${n}-`);
      writer.addPostings(added);
      for (const posting of added) twin.add(posting);
      const gone = pick(random, twin.documentIds());
      expect(writer.removeDocument(gone)).toBe(twin.removeDocument(gone));
      expect(cell.read()).toBe(before);
      const { index: published } = writer.commitChanges();
      expect(published.version).toBe(n + 1);
      expect(cell.read()).toBe(published);
      expectSameContents(published, twin);
    }
    expect(cell.shardCount).toBeGreaterThan(5);
  });
});

describe('a commit of several documents and shards', () => {
  test('is there as a whole or not at all, whoever looks whenever', async () => {
    const DOCUMENTS = 12;
    const random = seeded(3);
    const document = (d: number) => `document-${d}`;
    // Each commit moves all postings of all documents somewhere else, and says in their starts which commit it was.
    const rewrite = (commit: number, accounts: readonly number[]) =>
      accounts.map((d) => [
        { documentId: document(d), start: commit, length: 0, vector: gaussianVector(random, 4, 10) },
        { documentId: document(d), start: commit, length: 1, vector: gaussianVector(random, 4, 10) },
      ]);
    const everyone = Array.from({ length: DOCUMENTS }, (_, d) => d);
    const cell = new CowShardexIndex(createIndex(OPTIONS, rewrite(0, everyone).flat()));
    expect(cell.shardCount).toBeGreaterThan(2);

    const commitsSeen = new Set<number>();
    const look = (version: ShardexIndex) => {
      const found = search(version, [0, 0, 0, 0], { k: 1000, slopFactor: 'all' });
      expect(found).toHaveLength(2 * DOCUMENTS);
      const commits = new Set(found.map(({ start }) => start));
      // All documents are of one commit, in search as in every other way to look.
      expect(commits.size).toBe(1);
      for (const d of everyone) {
        expect(postings(version, document(d)).map(({ start, length }) => [start, length])).toEqual(
          [0, 1].map((length) => [found[0].start, length]),
        );
      }
      commitsSeen.add(found[0].start);
    };
    let done = false;
    const reader = async () => {
      while (!done) {
        look(cell.read());
        await tick();
      }
    };
    let commit = 0;
    const writer = async () => {
      for (let n = 0; n < 15; n++) {
        await cell.updateAsync(async (draft) => {
          const mine = ++commit;
          for (const [d, both] of rewrite(mine, everyone).entries()) {
            draft.replaceDocument(document(d), both);
            if (d % 4 === 0) await tick();
          }
        });
      }
    };
    const dropped = async () => {
      for (let n = 0; n < 15; n++) {
        const open = cell.cloneForWrite();
        for (const both of rewrite(-1, everyone.slice(0, 5)).map(([one]) => ({ ...one, start: 999_999 }))) {
          open.addPosting(both);
        }
        await tick();
        open.discard();
      }
    };
    const writing = Promise.all([writer(), writer(), dropped()]).finally(() => {
      done = true;
    });
    await Promise.all([reader(), reader(), writing]);
    look(cell.read());
    expect(cell.version).toBe(1 + 30);
    expect(commitsSeen.size).toBeGreaterThan(5);
    expect(cell.metrics()).toMatchObject({ commits: { count: 30 }, liveWriters: 0 });
    expectSound(cell.read());
  });
});

describe('reading while a writer is open', () => {
  test('works at every await of the writer, and needs none itself', async () => {
    const random = seeded(4);
    const index = createIndex(
      OPTIONS,
      numbered(100, () => gaussianVector(random, 4)),
    );
    const cell = new CowShardexIndex(index);
    const expected = search(index, [1, 1, 1, 1], { k: 10 });
    let reads = 0;
    const read = () => {
      // Synchronous, so it cannot wait for anything.
      expect(cell.read()).toBe(index);
      expect(search(cell.read(), [1, 1, 1, 1], { k: 10 })).toEqual(expected);
      reads++;
    };
    let open = true;
    const readers = Array.from({ length: 10 }, async () => {
      while (open) {
        read();
        await tick();
      }
    });
    await cell.updateAsync(async (draft) => {
      for (let i = 0; i < 100; i++) {
        draft.removeDocument(`p${i}`);
        draft.addPostings(numbered(3, () => gaussianVector(random, 4), `new${i}-`));
        read();
        await tick();
      }
      open = false;
    });
    await Promise.all(readers);
    // Ten readers between any two of a hundred steps.
    expect(reads).toBeGreaterThan(1000);
    expect(cell.postingCount).toBe(300);
  });

  test('is the taking of a reference: a thousand reads make no object', () => {
    const cell = new CowShardexIndex(
      createIndex(
        OPTIONS,
        numbered(20, () => [1, 2, 3, 4]),
      ),
    );
    const first = cell.read();
    for (let i = 0; i < 1000; i++) expect(cell.read()).toBe(first);
    expect(cell.metrics()).toMatchObject({ clones: { count: 0 }, liveWriters: 0, liveOldVersions: 0 });
  });
});
