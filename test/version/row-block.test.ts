import { createIndex, search, statistics } from 'shardex';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  RowBlock,
  RowList,
  claimRows,
  columnsOf,
  copyRow,
  sameVector,
  tailOf,
  writeKey,
} from '../../src/version/row-block.js';

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('claims', () => {
  test('grant rows once, to whoever ends at the tail (I1)', () => {
    const block = new RowBlock(10, 2);
    expect(claimRows(block, 0, 4)).toBe(true);
    expect(tailOf(block)).toBe(4);
    // Another branch that also ends at 0 comes too late.
    expect(claimRows(block, 0, 1)).toBe(false);
    expect(claimRows(block, 3, 1)).toBe(false);
    expect(claimRows(block, 5, 1)).toBe(false);
    expect(tailOf(block)).toBe(4);
    expect(claimRows(block, 4, 6)).toBe(true);
    expect(tailOf(block)).toBe(10);
  });

  test('grant nothing beyond the capacity, and leave the tail as it was', () => {
    const block = new RowBlock(3, 1);
    expect(claimRows(block, 0, 4)).toBe(false);
    expect(tailOf(block)).toBe(0);
    expect(claimRows(block, 0, 3)).toBe(true);
    expect(claimRows(block, 3, 1)).toBe(false);
  });
});

describe('the buffer', () => {
  test.each([
    [1, 1],
    [3, 5],
    [16, 2],
    [7, 384],
  ])('of %i rows of %i components is as large as its columns', (capacity, dimensions) => {
    const block = new RowBlock(capacity, dimensions);
    const { vectors, squaredNorms, separations, starts, lengths } = columnsOf(block);
    const columns = [vectors, squaredNorms, separations, starts, lengths];
    expect(block.byteLength).toBe(capacity * (4 * dimensions + 24));
    expect(columns.reduce((sum, column) => sum + column.byteLength, 0)).toBe(block.byteLength);
    expect(new Set(columns.map((column) => column.buffer)).size).toBe(1);
    expect(vectors.buffer.byteLength).toBe(block.byteLength);
    // Columns that overlapped would overwrite each other.
    columns.forEach((column, i) => column.fill(i + 1));
    columns.forEach((column, i) => {
      expect(column.every((value) => value === i + 1)).toBe(true);
    });
  });

  test('is shared, so that other threads can read it, unless it is private', () => {
    expect(columnsOf(new RowBlock(1, 1)).vectors.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(columnsOf(new RowBlock(1, 1, false)).vectors.buffer).toBeInstanceOf(ArrayBuffer);
  });

  test('is a plain one where the platform has no SharedArrayBuffer', () => {
    vi.stubGlobal('SharedArrayBuffer', undefined);
    expect(columnsOf(new RowBlock(1, 1)).vectors.buffer).toBeInstanceOf(ArrayBuffer);
    const index = createIndex({ dimensions: 2 }, [
      { documentId: 'a', vector: [1, 0] },
      { documentId: 'b', vector: [0, 1] },
    ]);
    expect(search(index, [0, 1], { k: 1, includeVector: true })).toEqual([
      {
        documentId: 'b',
        start: 0,
        length: 0,
        score: 1,
        distance: 0,
        similarity: 1,
        vector: Float32Array.of(0, 1),
      },
    ]);
    expect(statistics(index).byteLength).toBe(2 * (4 * 2 + 24));
  });
});

describe('what users hold of a block', () => {
  test('gives them no way to its columns (I1)', () => {
    const block = new RowBlock(4, 2);
    expect(Reflect.ownKeys(block)).toEqual(['capacity', 'byteLength']);
    expect(Reflect.ownKeys(RowBlock.prototype)).toEqual(['constructor']);
    expect(Object.isFrozen(block)).toBe(true);
  });
});

describe('rows', () => {
  test('are written with the square of their length, and copied whole', () => {
    const [from, to] = [columnsOf(new RowBlock(2, 2)), columnsOf(new RowBlock(3, 2))];
    from.vectors.set([9, 9, 3, 4]);
    writeKey(from, 1, 'doc', 7, 8);
    expect(from.squaredNorms[1]).toBe(25);
    to.separations[2] = 0.5;
    copyRow(from, 1, to, 2);
    expect([...to.vectors]).toEqual([0, 0, 0, 0, 3, 4]);
    expect([to.ids.at(2), to.starts[2], to.lengths[2], to.squaredNorms[2]]).toEqual(['doc', 7, 8, 25]);
    expect(to.separations[2]).toBe(0.5);
  });

  test('hold starts and lengths up to the largest unsigned 32-bit integer', () => {
    const columns = columnsOf(new RowBlock(1, 1));
    writeKey(columns, 0, 'doc', 0xffff_ffff, 0xffff_ffff);
    expect([columns.starts[0], columns.lengths[0]]).toEqual([0xffff_ffff, 0xffff_ffff]);
  });

  test('are the same vector only bit for bit', () => {
    const columns = columnsOf(new RowBlock(4, 2));
    columns.vectors.set([0, 1, 0, 1, -0, 1, 0, 2]);
    const same = (a: number, b: number) => sameVector(columns, a, columns, b);
    expect([same(0, 1), same(0, 2), same(0, 3), same(2, 2)]).toEqual([true, false, false, true]);
  });

  test('are listed in the order they came', () => {
    const [a, b] = [new RowBlock(2, 1), new RowBlock(2, 1)];
    const list = new RowList();
    list.push(a, 1);
    list.push(b, 0);
    expect([list.length, list.blocks, list.rows]).toEqual([2, [a, b], [1, 0]]);
  });
});
