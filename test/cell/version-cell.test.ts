import { createIndex, update } from 'shardex';
import { expect, test } from 'vitest';
import { type VersionCell, compareAndSet } from '../../src/cell/version-cell.js';

test('compareAndSet publishes over the expected version only (I3)', () => {
  const base = createIndex({ dimensions: 1 });
  const [a, b] = ['a', 'b'].map((documentId) =>
    update(base, (draft) => {
      draft.addPosting({ documentId, vector: [1] });
    }),
  );
  const cell: VersionCell = { current: base };
  expect(compareAndSet(cell, base, a)).toBe(true);
  expect(cell.current).toBe(a);
  // By identity: a version of the same number is not the same version.
  expect(compareAndSet(cell, base, b)).toBe(false);
  expect(compareAndSet(cell, b, base)).toBe(false);
  expect(cell.current).toBe(a);
});
