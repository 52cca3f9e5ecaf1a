import { createIndex, dropCaches, search, type ShardexIndex, update } from 'shardex';
import { expect, test } from 'vitest';
import { searchIn } from '../../src/search/search.js';
import { type Directory, LastDirectory, NOWHERE } from '../../src/search/memory/directory.js';
import { knownEngine } from '../../src/search/memory/engine.js';
import { type RowBlock, columnsOf } from '../../src/version/row-block.js';
import { type Segment, deadBits } from '../../src/version/shard-rows.js';
import { partOf } from '../../src/threads/pool/part.js';
import { CORPORA } from '../support/corpora.js';
import { survivors } from '../support/garbage.js';
import { ofDocuments } from '../support/postings.js';
import { integerBelow, pick, seeded } from '../support/random.js';

/** So many that codes are worth their cost. */
const D = 96;
const vector = CORPORA.lowRank(seeded(3), D);
const OPTIONS = { dimensions: D, shardCapacity: 64 };

/** What a directory says of each shard of a version, and that it says nothing of others. */
function expectRight(directory: Directory, index: ShardexIndex): void {
  let entries = 0;
  for (const [id, shard] of index.shards) {
    const segments = [];
    for (let at = directory.firstOf(id); at !== NOWHERE; at = directory.after(at)) {
      expect(directory.shards[at]).toBe(shard);
      expect(directory.visibleOf(at)).toBe(directory.segments[at]?.visible);
      expect(directory.columns[at]).toBe(columnsOf(directory.segments[at]?.block as RowBlock));
      const words = directory.dead.slice(
        directory.deadAt(at),
        directory.deadAt(at) + directory.deadWordsOf(at),
      );
      expect([...words]).toEqual(
        (deadBits(directory.segments[at] as Segment) ?? []).map((word) => word >>> 0),
      );
      segments.push(directory.segments[at]);
    }
    expect(segments).toEqual(shard.rows.segments);
    expect(directory.liveOf(directory.firstOf(id))).toBe(shard.rows.liveCount);
    entries += segments.length;
  }
  expect(directory.shards.filter((shard) => shard !== undefined)).toHaveLength(entries);
}

/** Versions one after another, and some of before again. */
function* versions(seed: number): Generator<ShardexIndex> {
  const random = seeded(seed);
  const known: ShardexIndex[] = [createIndex(OPTIONS, ofDocuments(500, 500, vector))];
  for (let step = 0; step < 60; step++) {
    const from = integerBelow(random, 4) === 0 ? pick(random, known) : known[known.length - 1];
    const next = update(from, (draft) => {
      const first = integerBelow(random, 1000);
      draft.addPostings(
        ofDocuments(first + 30, 30, vector).map((p) => ({ ...p, documentId: `s${step}${p.documentId}` })),
      );
      for (let d = 0; d < 20; d++) draft.removeDocument(`d${integerBelow(random, 500)}`);
    });
    known.push(next);
    yield next;
    if (integerBelow(random, 5) === 0) yield pick(random, known);
  }
}

test.each([1, 2, 3])(
  'the directory of one version becomes that of the next one, whichever that is (seed %i)',
  (seed) => {
    const last = new LastDirectory();
    for (const index of versions(seed)) expectRight(last.of(index), index);
  },
);

test('a part of a version, which bears its name, is not taken for it', () => {
  const index = createIndex(OPTIONS, ofDocuments(9000, 9000, vector));
  const query = vector();
  const whole = search(index, query, { k: 10, recall: 0.9 });
  const next = update(index, (draft) => void draft.removeDocument(whole[0].documentId));
  const expected = search(next, query, { k: 10, recall: 0.9 });
  const part = partOf(index, { index: 0, count: 2 });
  searchIn(part, query, { k: 10, recall: 0.9 });
  expect(search(next, query, { k: 10, recall: 0.9 })).toEqual(expected);
  searchIn(part, query, { k: 10, recall: 0.9 });
  expect(search(index, query, { k: 10, recall: 0.9 })).toEqual(whole);
});

test('codes are where it says, until any are taken away', () => {
  const index = createIndex(OPTIONS, ofDocuments(9000, 9000, vector));
  const queries = Array.from({ length: 20 }, vector);
  const options = { k: 20, recall: 0.999 };
  const answers = queries.map((query) => search(index, query, options));
  const engine = knownEngine(index.config);
  const directory = engine?.directories.of(index);
  const placesNow = (): number[] =>
    (directory?.shards ?? []).map((_, entry) => directory?.addressOf(entry) ?? NOWHERE);
  const places = placesNow().filter((place) => place !== NOWHERE);
  expect(places.length).toBeGreaterThan(10);
  expect(new Set(places).size).toBe(places.length);
  dropCaches(index);
  directory?.checkAddresses(engine?.slots.evictions ?? 0);
  expect(placesNow().every((place) => place === NOWHERE)).toBe(true);
  expect(queries.map((query) => search(index, query, options))).toEqual(answers);
});

test('where codes are is known of segments that have only lost rows since, and of no others', () => {
  const index = createIndex(OPTIONS, ofDocuments(9000, 9000, vector));
  const queries = Array.from({ length: 20 }, vector);
  for (const query of queries) search(index, query, { k: 20, recall: 0.999 });
  const next = update(index, (draft) => {
    for (let d = 0; d < 9000; d += 50) draft.removeDocument(`d${d}`);
    draft.addPostings(
      ofDocuments(9000, 300, vector).map((p) => ({ ...p, documentId: `new ${p.documentId}` })),
    );
  });
  const codes = (version: ShardexIndex): Map<string, number> => {
    const directory = knownEngine(index.config)?.directories.of(version) as Directory;
    const places = new Map<string, number>();
    for (const [id, { rows }] of version.shards) {
      let at = directory.firstOf(id);
      for (const { block, visible } of rows.segments) {
        places.set(`${id} ${blockNumber(block)} ${visible}`, directory.addressOf(at));
        at = directory.after(at);
      }
    }
    return places;
  };
  const [before, after] = [codes(index), codes(next)];
  let kept = 0;
  for (const [segment, place] of after) {
    expect(place).toBe(before.get(segment) ?? NOWHERE);
    if (place !== NOWHERE) kept++;
  }
  expect(kept).toBeGreaterThan(10);
  expect([...after.values()].filter((place) => place === NOWHERE).length).toBeGreaterThan(10);
  for (const query of queries) {
    const found = search(next, query, { k: 20, recall: 0.999 });
    dropCaches(next);
    expect(search(next, query, { k: 20, recall: 0.999 })).toEqual(found);
  }
});

/** A number for each block, the same each time. */
const numbers = new Map<RowBlock, number>();
function blockNumber(block: RowBlock): number {
  const number = numbers.get(block) ?? numbers.size;
  numbers.set(block, number);
  return number;
}

/** A version that was searched, its next one, and the blocks that only the first one has. */
function searchedAndReplaced(): { readonly next: ShardexIndex; readonly gone: readonly WeakRef<object>[] } {
  const index = createIndex(OPTIONS, ofDocuments(3000, 3000, vector));
  search(index, vector(), { k: 1, recall: 0.9 });
  const next = update(index, (draft) => {
    for (let d = 0; d < 2900; d++) draft.removeDocument(`d${d}`);
  });
  const gone = [...index.shards.values()].filter(({ id }) => !next.shards.has(id));
  return { next, gone: gone.map(({ rows }) => new WeakRef(rows.segments[0].block)) };
}

test('it keeps nothing alive that its version does not (I8)', async () => {
  const { next, gone } = searchedAndReplaced();
  expect(gone.length).toBeGreaterThan(5);
  // Nobody has searched the next one.
  expect(await survivors(gone)).toBe(0);
  expect(next.postingCount).toBe(100);
});
