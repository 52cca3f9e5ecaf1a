import { CowShardexIndex, createIndex, type IndexDraft, update, WriterClosedError } from 'shardex';
import { afterEach, expect, test, vi } from 'vitest';
import { numbered } from '../support/postings.js';
import { expectSound } from '../support/sound.js';

afterEach(() => {
  vi.unstubAllGlobals();
});

/** From the given allocation on, no block can be made. */
function failFrom(allocation: number): void {
  let allocations = 0;
  const Real = SharedArrayBuffer;
  vi.stubGlobal(
    'SharedArrayBuffer',
    class extends Real {
      constructor(size: number) {
        if (++allocations >= allocation) throw new RangeError('Array buffer allocation failed');
        super(size);
      }
    },
  );
}

const BASE = createIndex(
  { dimensions: 1, metric: 'euclidean', shardCapacity: 8 },
  numbered(30, (i) => [i]),
);
const more = numbered(100, (i) => [i / 3], 'more');

// The input is good, so the step is half done when it fails: no later state of the draft can be trusted.
test('a draft that runs out of memory half-way is closed, and nothing of it is published', () => {
  for (const allocation of [1, 2, 5, 9]) {
    const cell = new CowShardexIndex(BASE);
    const writer = cell.cloneForWrite();
    writer.removeDocument('p1');
    failFrom(allocation);
    expect(() => writer.addPostings(more)).toThrow(RangeError);
    vi.unstubAllGlobals();
    for (const use of [() => writer.preview(), () => writer.commitChanges(), () => writer.has('p1')]) {
      expect(use).toThrow(WriterClosedError);
    }
    writer.discard();
    expect(cell.read()).toBe(BASE);
    expect(cell.metrics()).toMatchObject({ liveWriters: 0, discards: 1 });
    expectSound(BASE);
  }
});

test('a recipe that swallows the error publishes nothing all the same', () => {
  const cell = new CowShardexIndex(BASE);
  const swallow = (draft: IndexDraft) => {
    failFrom(3);
    expect(() => draft.addPostings(more)).toThrow(RangeError);
    vi.unstubAllGlobals();
  };
  expect(() => cell.update(swallow)).toThrow(WriterClosedError);
  expect(() => update(BASE, swallow)).toThrow(WriterClosedError);
  expect(cell.read()).toBe(BASE);
  // The cell itself is as good as before.
  cell.update((draft) => {
    draft.addPostings(more);
  });
  expect(cell.postingCount).toBe(130);
  expectSound(cell.read());
});
