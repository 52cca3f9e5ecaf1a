import { ConflictError, CowShardexIndex, createIndex, postings } from 'shardex';
import { describe, expect, test } from 'vitest';
import { numbered } from '../support/postings.js';
import { expectSound } from '../support/sound.js';

const BASE = createIndex(
  { dimensions: 1, metric: 'euclidean', shardCapacity: 64 },
  numbered(20, (i) => [i]),
);

// In the Rust project Shardex, a commit swaps in the writer's copy whatever is current: of two writers with one
// base the first one's work vanishes, and both are told that all is well.
describe('not here: lost updates. Of two writers made from one version, both committed,', () => {
  test('nothing is lost', () => {
    const cell = new CowShardexIndex(BASE);
    const [first, second] = [cell.cloneForWrite(), cell.cloneForWrite()];
    // A shard each.
    first.addPostings(numbered(70, (i) => [100 + i], 'first'));
    second.addPostings(numbered(70, (i) => [500 + i], 'second'));
    first.commitChanges();
    second.commitChanges();
    expect([cell.postingCount, cell.version]).toEqual([160, 3]);
    for (let i = 0; i < 70; i++) {
      expect(postings(cell.read(), `first${i}`)).toHaveLength(1);
      expect(postings(cell.read(), `second${i}`)).toHaveLength(1);
    }
    expectSound(cell.read());
  });

  test('the second is refused where it would overwrite the first, and nothing of it is published', () => {
    const cell = new CowShardexIndex(BASE);
    const [first, second] = [cell.cloneForWrite(), cell.cloneForWrite()];
    first.addPosting({ documentId: 'p7', vector: [70] });
    second.addPosting({ documentId: 'p7', vector: [700] });
    second.addPosting({ documentId: 'second', vector: [1] });
    const { index: current } = first.commitChanges();
    expect(() => second.commitChanges()).toThrow(ConflictError);
    expect(cell.read()).toBe(current);
    expect(postings(current, 'p7')[0].vector[0]).toBe(70);
    expect(postings(current, 'second')).toEqual([]);
  });

  test('an older base is no key to a newer version, however long the writer waits', () => {
    const cell = new CowShardexIndex(BASE);
    const late = cell.cloneForWrite();
    late.addPosting({ documentId: 'late', vector: [1] });
    for (let i = 0; i < 10; i++) {
      cell.update((draft) => {
        draft.addPosting({ documentId: `early${i}`, vector: [i] });
      });
    }
    late.commitChanges();
    expect([cell.postingCount, cell.version]).toEqual([31, 12]);
  });
});

// There, two handles on one shard file each count its rows for themselves: both append at the same place, and one
// row overwrites the other.
describe('not here: two handles that overwrite each other. Two writers that append to the same shard', () => {
  test('never write to the same row', () => {
    const cell = new CowShardexIndex(BASE);
    expect(cell.shardCount).toBe(1);
    const writers = [0, 1, 2].map(() => cell.cloneForWrite());
    // Row by row in turns, so that each finds the tail where another has left it.
    for (let i = 0; i < 10; i++) {
      writers.forEach((writer, w) => {
        writer.addPosting({ documentId: `w${w}-${i}`, vector: [w * 1000 + i] });
        expect(writer.preview().postingCount).toBe(21 + i);
      });
    }
    writers.forEach((writer, w) => {
      const preview = writer.preview();
      expectSound(preview);
      for (let i = 0; i < 10; i++) {
        expect(postings(preview, `w${w}-${i}`)[0].vector[0]).toBe(w * 1000 + i);
      }
      writer.commitChanges();
    });
    expect(cell.postingCount).toBe(50);
    for (let w = 0; w < 3; w++) {
      for (let i = 0; i < 10; i++) {
        expect(postings(cell.read(), `w${w}-${i}`)[0].vector[0]).toBe(w * 1000 + i);
      }
    }
    expectSound(cell.read());
    expectSound(BASE);
  });
});
