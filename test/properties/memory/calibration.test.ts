import { cacheBytes, createIndex, dropCaches, search, statistics, update } from 'shardex';
import { afterEach, expect, test } from 'vitest';
import { CORPORA } from '../../support/corpora.js';
import { collectGarbage } from '../../support/garbage.js';
import { ofDocuments } from '../../support/postings.js';
import { seeded } from '../../support/random.js';

const D = 64;
const OPTIONS = { dimensions: D, shardCapacity: 128 };

/** The scratch memory of an engine for searches takes more than this, and the memory that rows are routed in less. */
const LESS_THAN_AN_ENGINE = 256 * 1024;

const { Instance } = WebAssembly;

afterEach(() => {
  WebAssembly.Instance = Instance;
});

/** The memories of all kernels that are made from now on, without keeping one. */
function watchMemories(): WeakRef<WebAssembly.Memory>[] {
  const memories: WeakRef<WebAssembly.Memory>[] = [];
  WebAssembly.Instance = class extends Instance {
    constructor(module: WebAssembly.Module) {
      super(module);
      memories.push(new WeakRef(this.exports.memory as WebAssembly.Memory));
    }
  };
  return memories;
}

function bytesOf(memories: readonly WeakRef<WebAssembly.Memory>[]): number[] {
  return memories.map((memory) => memory.deref()?.buffer.byteLength ?? 0);
}

test('what a calibration took is let go where nobody has searched', async () => {
  const memories = watchMemories();
  const index = createIndex(OPTIONS, ofDocuments(6000, 6000, CORPORA.clustered(seeded(1), D)));
  expect(statistics(index).calibration).toBeDefined();
  expect(cacheBytes(index)).toBe(0);
  expect(Math.max(...bytesOf(memories))).toBeGreaterThan(LESS_THAN_AN_ENGINE);

  const most = (): number => Math.max(...bytesOf(memories));
  await collectGarbage(() => most() < LESS_THAN_AN_ENGINE);
  expect(most()).toBeLessThan(LESS_THAN_AN_ENGINE);
  expect(statistics(index).postingCount).toBe(6000);
});

test('a calibration adds to the codes of searches, unless those were dropped', () => {
  const vector = CORPORA.clustered(seeded(2), D);
  const first = createIndex(OPTIONS, ofDocuments(5000, 5000, vector));
  const others = ofDocuments(6000, 6000, vector).map((p) => ({ ...p, documentId: `n${p.documentId}` }));
  const doubled = () => update(first, (draft) => draft.addPostings(others));

  search(first, vector(), { k: 10, recall: 0.9 });
  expect(cacheBytes(first)).toBeGreaterThan(0);
  dropCaches(first);
  const apart = doubled();
  expect(cacheBytes(first)).toBe(0);

  search(first, vector(), { k: 10, recall: 0.9 });
  const before = cacheBytes(first);
  expect(before).toBeGreaterThan(0);
  const shared = doubled();
  expect(cacheBytes(first)).toBeGreaterThan(2 * before);
  for (const version of [apart, shared]) expect(statistics(version).calibration?.sampleSize).toBe(1024);
  expect(shared.calibration).toEqual(apart.calibration);
});

test('a commit that comes before the collector takes over the codes that a bulk build has made', () => {
  const vector = CORPORA.clustered(seeded(3), D);
  const index = createIndex(OPTIONS, ofDocuments(5000, 5000, vector));
  expect(cacheBytes(index)).toBe(0);
  update(index, (draft) => {
    draft.addPosting({ documentId: 'one more', vector: vector() });
  });
  expect(cacheBytes(index)).toBeGreaterThan((5000 * D) / 4);
});
