import {
  type Delta,
  type PostingKey,
  type ShardexIndex,
  applyDelta,
  composeDeltas,
  createIndex,
  decodeDelta,
  diff,
  encodeDelta,
  update,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/geometry/random.js';
import { Lazy } from '../../src/collections/lazy.js';
import { documentsIn } from '../../src/version/documents-draft.js';
import { survivors } from '../support/garbage.js';
import { expectEqual, expectKeyChanges, sent } from './steps.js';

const random = seededRandom(11);
const vector = (): number[] => [random() - 0.5, random() - 0.5];

/** A version with `count` documents, and one in which some are gone, some have other vectors and some are new. */
function versions(count = 200): { a: ShardexIndex; b: ShardexIndex } {
  const a = createIndex(
    { dimensions: 2, shardCapacity: 8 },
    Array.from({ length: count }, (_, n) => ({ documentId: `d${n}`, vector: vector() })),
  );
  return { a, b: changed(a, 0, count) };
}

function changed(from: ShardexIndex, first: number, added: number): ShardexIndex {
  return update(from, (draft) => {
    for (let n = first; n < first + 20; n++) draft.removeDocument(`d${n}`);
    for (let n = first + 20; n < first + 40; n++) draft.addPosting({ documentId: `d${n}`, vector: vector() });
    for (let n = added; n < added + 20; n++) draft.addPosting({ documentId: `d${n}`, vector: vector() });
  });
}

interface Lists {
  keys: (readonly PostingKey[])[];
  documents: (readonly string[])[];
}

function read({ added, removed, updated, documents }: Delta): Lists {
  return {
    keys: [added, removed, updated],
    documents: [documents.added, documents.removed, documents.updated],
  };
}

describe('what a delta puts off', () => {
  test('is the same when it is read long after both versions are gone', async () => {
    const { delta, lists, refs } = ((): { delta: Delta; lists: Lists; refs: WeakRef<object>[] } => {
      const { a, b } = versions();
      return { delta: diff(a, b), lists: read(diff(a, b)), refs: [new WeakRef(a), new WeakRef(b)] };
    })();
    expect(await survivors(refs)).toBe(0);
    expect(read(delta)).toEqual(lists);
    expect(lists.keys.map(({ length }) => length)).toEqual([20, 20, 20]);
    expect(lists.documents.map(({ length }) => length)).toEqual([20, 20, 20]);
  });

  test('does not depend on what was asked for before', () => {
    const { a, b } = versions();
    const uses = [read, encodeDelta, (delta: Delta) => applyDelta(a, delta)];
    const expected = { lists: read(diff(a, b)), bytes: encodeDelta(diff(a, b)) };
    for (const first of uses) {
      for (const second of uses) {
        const delta = diff(a, b);
        first(delta);
        second(delta);
        expect(read(delta)).toEqual(expected.lists);
        expect(encodeDelta(delta)).toEqual(expected.bytes);
        expectEqual(applyDelta(a, delta), b);
      }
    }
  });

  test('is composed alike whether it was read before or not, or sent', () => {
    const { a, b } = versions();
    const c = changed(b, 30, 300);
    const compose = (first: (delta: Delta) => Delta, second: (delta: Delta) => Delta): Delta =>
      composeDeltas(first(diff(a, b)), second(diff(b, c)));
    const unread = (delta: Delta): Delta => delta;
    const wasRead = (delta: Delta): Delta => {
      read(delta);
      return delta;
    };
    const expected = read(compose(unread, unread));
    expectKeyChanges(compose(unread, unread), a, c);
    for (const first of [unread, wasRead, sent]) {
      for (const second of [unread, wasRead, sent]) {
        const delta = compose(first, second);
        expect(read(delta)).toEqual(expected);
        expectEqual(applyDelta(a, delta), c);
        expectEqual(applyDelta(a, sent(delta)), c);
      }
    }
  });
});

describe('what a delta that nobody has read keeps', () => {
  /** What a version is made of, by kind; `but` is left out. */
  function parts(index: ShardexIndex, but: ReadonlySet<object>): WeakRef<object>[] {
    const found: object[] = [index, index.shards, index.centroids];
    for (const shard of index.shards.values()) {
      found.push(shard, shard.rows);
      for (const segment of shard.rows.segments) found.push(segment.block);
    }
    return found.filter((part) => !but.has(part)).map((part) => new WeakRef(part));
  }

  test('is no version, no shard, and no block but those it adds rows from', async () => {
    const { delta, refs, documents } = ((): {
      delta: Delta;
      refs: WeakRef<object>[];
      documents: WeakRef<object>[];
    } => {
      const { a, b } = versions();
      const added = new Set<object>();
      // Blocks of the next version in shards that differ are what the delta makes shards of.
      for (const shard of b.shards.values()) {
        if (a.shards.get(shard.id) === shard) continue;
        for (const { block } of shard.rows.segments) added.add(block);
      }
      const refs = [...parts(a, added), ...parts(b, added)];
      return {
        delta: diff(a, b),
        refs,
        documents: [new WeakRef(a.documents.value), new WeakRef(b.documents.value)],
      };
    })();
    expect(refs.length).toBeGreaterThan(100);
    expect(await survivors(refs)).toBe(0);
    // As documented: the maps of documents, until it is read.
    expect(await survivors(documents)).toBe(2);
    expect(delta.documents.added.length).toBe(20);
    expect(await survivors(documents)).toBe(0);
    expect(delta.added.length).toBe(20);
  });

  test('is no shard either where the versions, as those of a replica, have yet to find out about documents', async () => {
    const { delta, refs } = ((): { delta: Delta; refs: WeakRef<object>[] } => {
      const { a, b } = versions();
      const kept = new Set<object>();
      for (const shard of b.shards.values()) for (const { block } of shard.rows.segments) kept.add(block);
      return { delta: diff(unasked(a), unasked(b)), refs: [...parts(a, kept), ...parts(b, kept)] };
    })();
    expect(refs.length).toBeGreaterThan(50);
    expect(await survivors(refs)).toBe(0);
    expect(delta.documents.added.length).toBe(20);
  });
});

/** The same version, in which nobody has asked for a document. */
function unasked(index: ShardexIndex): ShardexIndex {
  const { shards } = index;
  return Object.freeze({ ...index, documents: new Lazy(() => documentsIn(shards.values())) });
}

test('many rows with vectors of one length, as unit vectors are, are told apart by their keys', () => {
  const unit = [
    [1, 0],
    [0, 1],
    [-1, 0],
    [0, -1],
  ];
  const posting = (n: number, turn: number) => ({
    documentId: `d${n % 50}`,
    start: n,
    vector: unit[(n + turn) % 4],
  });
  const a = createIndex(
    { dimensions: 2, shardCapacity: 64 },
    Array.from({ length: 2000 }, (_, n) => posting(n, 0)),
  );
  const b = update(a, (draft) => {
    for (let n = 0; n < 600; n++) draft.addPosting(posting(n, n % 3));
    draft.removeDocument('d49');
  });
  expectKeyChanges(diff(a, b), a, b);
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    // Whatever moved is not written again: with its source, a row takes a few bytes and no vector.
    const delta = diff(from, to);
    expectEqual(applyDelta(from, decodeDelta(encodeDelta(delta))), to);
    expectKeyChanges(sent(delta), from, to);
  }
});

test('a document with several postings in a shard stays there until the last of them leaves', () => {
  let index = createIndex(
    { dimensions: 2, shardCapacity: 64, metric: 'euclidean' },
    Array.from({ length: 300 }, (_, n) => ({ documentId: `d${n % 30}`, start: n, vector: vector() })),
  );
  let replica = index;
  for (let round = 0; round < 60; round++) {
    const next = update(index, (draft) => {
      for (let n = 0; n < 10; n++) {
        const start = Math.floor(random() * 300);
        draft.addPosting({ documentId: `d${start % 30}`, start, vector: vector() });
      }
      if (round % 7 === 0) draft.removeDocument(`d${round % 30}`);
    });
    replica = applyDelta(replica, sent(diff(index, next)));
    expectEqual(replica, next);
    index = next;
  }
});
