import {
  CowShardexIndex,
  type IndexDraft,
  type SearchOptions,
  type ShardexIndex,
  applyDelta,
  cacheBytes,
  configureCache,
  createIndex,
  decodeDelta,
  diff,
  dropCaches,
  encodeDelta,
  openReplica,
  search,
  serveReplicas,
  updateWithDelta,
} from 'shardex';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createKernels } from '../../src/kernels/create-kernels.js';
import { type Engine, installEngine, knownEngine } from '../../src/search/memory/engine.js';
import { Preparation } from '../../src/search/memory/preparation.js';
import { CORPORA } from '../support/corpora.js';
import { METRICS, ofDocuments } from '../support/postings.js';
import { integerBelow, seeded } from '../support/random.js';

/** So many that codes pay for whatever is scanned: an index of 5,000 is larger than a processor's cache is taken to be. */
const D = 128;
/** So many that the shards that are scanned have enough rows to be worth codes. */
const WAY: SearchOptions = { k: 20, recall: 0.999 };
const vector = CORPORA.lowRank(seeded(11), D);
const queries = Array.from({ length: 100 }, vector);

/** Which codes searches make differs: where bounds are proven, or all are near, finer ones. */
describe.each(METRICS)('by %s', (metric) => {
  const built = createIndex({ dimensions: D, metric, shardCapacity: 64 }, ofDocuments(5000, 5000, vector));
  const base = createIndex(built.config);
  const whole = diff(base, built);
  let index: ShardexIndex;
  /** Rows of which codes were made. */
  let encoded: number;

  beforeEach(() => {
    // An equal one, of a lineage of its own.
    index = applyDelta(createIndex({ dimensions: D, metric, shardCapacity: 64 }), whole);
    encoded = 0;
  });

  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** An engine that counts the rows it makes codes of. */
  function countingEngine(config: ShardexIndex['config'], simd?: false): Engine {
    const kernels = createKernels(simd === false ? { simd } : undefined);
    const encode: typeof kernels.encode = (rotated, count, ...rest) => {
      encoded += count;
      kernels.encode(rotated, count, ...rest);
    };
    // Its memory is looked up anew each time, as it may grow.
    return installEngine(config, Object.create(kernels, { encode: { value: encode } }) as typeof kernels);
  }

  function searchAll(version: ShardexIndex): string {
    return JSON.stringify(queries.map((query) => search(version, query, WAY)));
  }

  /** The version after a change that was made elsewhere: whoever changes an index looks for some of its postings. */
  function changedElsewhere(version: ShardexIndex, recipe: (draft: IndexDraft) => void): ShardexIndex {
    const empty = createIndex(index.config);
    const twin = applyDelta(empty, diff(empty, version));
    const { delta } = updateWithDelta(twin, recipe);
    return applyDelta(version, decodeDelta(encodeDelta(delta)));
  }

  /** Some documents removed, some replaced, and enough added to split shards. */
  function changed(version: ShardexIndex, step: number): ShardexIndex {
    const random = seeded(step);
    return changedElsewhere(version, (draft) => {
      const added = ofDocuments(300, 300, vector).map((p) => ({
        ...p,
        documentId: `s${step}${p.documentId}`,
      }));
      draft.addPostings(added);
      for (let d = 0; d < 40; d++) draft.removeDocument(`d${integerBelow(random, 5000)}`);
      draft.addPostings(ofDocuments(20, 20, vector));
    });
  }

  test('searches of a version that was prepared make no codes of rows that are new in it', () => {
    countingEngine(index.config);
    searchAll(index);
    const next = changed(index, 1);
    const preparation = new Preparation();
    encoded = 0;
    expect(preparation.advance(next, Infinity)).toBe(false);
    expect(encoded).toBeGreaterThan(300);
    encoded = 0;
    searchAll(next);
    expect(encoded).toBe(0);
    // As they would without.
    const other = changed(next, 2);
    searchAll(other);
    expect(encoded).toBeGreaterThan(100);
  });

  test('the results are those of a version that was not prepared, also where time is short', () => {
    const engine = countingEngine(index.config);
    const versions = [index];
    const seen: string[] = [searchAll(index)];
    const preparation = new Preparation();
    for (let step = 0; step < 12; step++) {
      const next = changed(versions[step], step);
      versions.push(next);
      // Not all of it, then all of it, then none.
      if (step % 3 < 2) preparation.advance(next, step % 3 === 0 ? 0 : Infinity);
      seen.push(searchAll(next));
    }
    expect(engine.slots.evictions).toBe(0);
    installEngine(index.config, createKernels());
    expect(versions.map(searchAll)).toEqual(seen);
  });

  test('goes on from where it stopped, and ends', () => {
    countingEngine(index.config);
    searchAll(index);
    const next = changed(index, 1);
    const preparation = new Preparation();
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 1));
    let calls = 1;
    for (; preparation.advance(next, 3); calls++) expect(calls).toBeLessThan(200);
    expect(calls).toBeGreaterThan(5);
    expect(preparation.advance(next, 3)).toBe(false);
    encoded = 0;
    searchAll(next);
    expect(encoded).toBe(0);
  });

  test('nothing is prepared where nobody has searched', () => {
    const preparation = new Preparation();
    expect(preparation.advance(index, Infinity)).toBe(false);
    expect(knownEngine(index.config)).toBeUndefined();
    countingEngine(index.config);
    expect(preparation.advance(changed(index, 1), Infinity)).toBe(false);
    expect(encoded).toBe(0);
    expect(cacheBytes(index)).toBe(0);
  });

  test('shards whose codes nobody has needed get none', () => {
    // So many dimensions that proving bounds pays.
    const long = CORPORA.lowRank(seeded(11), 384);
    index = createIndex({ dimensions: 384, metric, shardCapacity: 64 }, ofDocuments(5000, 5000, long));
    const query = long();
    // With SIMD all rows would be compared in 16 bits.
    countingEngine(index.config, false);
    // Of these shards, and by the finer codes that proven bounds take.
    search(index, query, { k: 1, slopFactor: 40 });
    expect(encoded).toBeGreaterThan(0);
    expect(encoded).toBeLessThan(2500);
    encoded = 0;
    // Every shard gets a row, and none is split.
    const next = changedElsewhere(index, (draft) => {
      for (const [id, { centroid }] of index.shards)
        draft.addPosting({ documentId: `c${id}`, vector: centroid.toArray() });
    });
    expect(next.shardCount).toBe(index.shardCount);
    new Preparation().advance(next, Infinity);
    // About the one row that came to each of those that bounds were proven of, no more than 40.
    expect(encoded).toBeGreaterThan(0);
    expect(encoded).toBeLessThan(60);
    const prepared = encoded;
    search(next, query, { k: 1, slopFactor: 40 });
    expect(encoded).toBe(prepared);
  });

  test('while an old version is searched, newer ones are left alone', () => {
    const engine = countingEngine(index.config);
    const preparation = new Preparation();
    searchAll(index);
    let next = changed(index, 1);
    expect(preparation.advance(next, Infinity)).toBe(false);
    expect(engine.directories.last).toBe(next);
    // One that is held since before.
    searchAll(index);
    for (let step = 2; step < 5; step++) {
      next = changed(next, step);
      encoded = 0;
      expect(preparation.advance(next, Infinity)).toBe(false);
      expect(encoded).toBe(0);
      expect(engine.directories.last).toBe(index);
    }
    searchAll(next);
    next = changed(next, 5);
    preparation.advance(next, Infinity);
    expect(engine.directories.last).toBe(next);
  });

  test('what was given up then is prepared with a later version', () => {
    countingEngine(index.config);
    searchAll(index);
    const next = changed(index, 1);
    const preparation = new Preparation();
    expect(preparation.advance(next, 0)).toBe(true);
    search(index, queries[0], WAY);
    expect(preparation.advance(next, Infinity)).toBe(false);
    searchAll(next);
    const third = changed(next, 2);
    expect(preparation.advance(third, Infinity)).toBe(false);
    encoded = 0;
    searchAll(third);
    expect(encoded).toBe(0);
  });

  test('takes no codes away from others', () => {
    const engine = countingEngine(index.config);
    searchAll(index);
    const { byteLength } = engine.slots;
    configureCache(index, { maxBytes: byteLength });
    searchAll(index);
    const { evictions } = engine.slots;
    const next = changed(index, 1);
    expect(new Preparation().advance(next, Infinity)).toBe(false);
    expect(engine.slots.evictions).toBe(evictions);
  });

  test('codes that were dropped come back with searches only', () => {
    countingEngine(index.config);
    searchAll(index);
    dropCaches(index);
    encoded = 0;
    expect(new Preparation().advance(changed(index, 1), Infinity)).toBe(false);
    expect(encoded).toBe(0);
    expect(cacheBytes(index)).toBe(0);
  });

  test('an engine that is at work is left alone', () => {
    const engine = countingEngine(index.config);
    searchAll(index);
    const next = changed(index, 1);
    encoded = 0;
    search(index, queries[0], {
      ...WAY,
      filter: () => {
        expect(engine.lent).toBe(true);
        new Preparation().advance(next, Infinity);
        return true;
      },
    });
    expect(encoded).toBe(0);
  });

  test('a replica prepares what comes in', async () => {
    const { port1, port2 } = new MessageChannel();
    const cell = new CowShardexIndex(index);
    serveReplicas(cell, port1);
    const replica = await openReplica(port2);
    countingEngine(replica.read().config);
    const before = encoded;
    searchAll(replica.read());
    expect(encoded).toBeGreaterThan(before);
    encoded = 0;
    const owners = cell.update((draft) => {
      draft.addPostings(ofDocuments(100, 100, vector).map((p) => ({ ...p, documentId: `x${p.documentId}` })));
    });
    const next = await replica.waitFor(owners.version);
    for (let turn = 0; turn < 100; turn++) await setImmediate();
    expect(encoded).toBeGreaterThan(50);
    encoded = 0;
    expect(searchAll(next)).toBe(searchAll(cell.read()));
    expect(encoded).toBe(0);
    cell.close();
    port1.close();
  });
});
