import type { Posting } from 'shardex';
import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../src/config.js';
import { LARGE_PIECE } from '../../src/collections/allocation.js';
import { postingOfRow } from '../../src/version/posting.js';
import { type RowList, columnsOf } from '../../src/version/row-block.js';
import { stagePostings } from '../../src/write/staging.js';

const D = 500;
/** Bytes of a row of that many components. */
const ROW = 4 * D + 24;

function numbered(count: number): Posting[] {
  return Array.from({ length: count }, (_, i) => ({
    documentId: `d${i}`,
    start: i,
    length: 1,
    vector: new Float32Array(D).fill(i),
  }));
}

function staged(postings: Iterable<Posting>): RowList {
  return stagePostings(resolveConfig({ dimensions: D }), postings);
}

function contents(list: RowList): Posting[] {
  return list.rows.map((row, i) => postingOfRow(columnsOf(list.blocks[i]), row, D));
}

function sizes(list: RowList): number[] {
  return [...new Set(list.blocks)].map(({ byteLength }) => byteLength);
}

describe('a batch', () => {
  test('comes out as it went in, from an array and from any other iterable', () => {
    const postings = numbered(1200);
    expect(contents(staged(postings))).toEqual(postings);
    expect(contents(staged(new Set(postings)))).toEqual(postings);
  });

  test('of a known number is staged in one block of just that size while it is not large', () => {
    for (const count of [1, 15, 1200]) expect(sizes(staged(numbered(count)))).toEqual([count * ROW]);
    expect(staged([]).length).toBe(0);
  });

  test('of an unknown number is staged in blocks that grow, and are then large enough to be given back', () => {
    const found = sizes(staged(new Set(numbered(1200))));
    expect(found[0]).toBe(16 * ROW);
    expect(found.at(-1)).toBeGreaterThanOrEqual(LARGE_PIECE);
    for (const size of found.slice(0, -1)) expect(size).toBeLessThanOrEqual(1 << 20);
  });

  test('that is large is staged in large blocks of about equal size', () => {
    // One vector, many times: the blocks are as large as if there were many.
    const [posting] = numbered(1);
    const many = Array.from({ length: 50_000 }, () => posting);
    const found = sizes(staged(many));
    expect(found).toHaveLength(2);
    for (const size of found) expect(size).toBeGreaterThanOrEqual(LARGE_PIECE);
    expect(found.reduce((sum, size) => sum + size, 0)).toBeLessThan(50_002 * ROW);
  });

  test('whose array grows or shrinks while it is read is what its iterator gives', () => {
    const growing = numbered(3);
    const more = numbered(40).slice(3);
    Object.defineProperty(growing, Symbol.iterator, {
      *value() {
        yield* growing.slice();
        yield* more;
      },
    });
    expect(contents(staged(growing))).toEqual(numbered(40));
    const shrinking = numbered(30);
    Object.defineProperty(shrinking, Symbol.iterator, { value: () => numbered(2)[Symbol.iterator]() });
    expect(contents(staged(shrinking))).toEqual(numbered(2));
  });
});
