import type { Posting } from 'shardex';
import { describe, expect, test } from 'vitest';
import { columnsOf, tailOf } from '../../src/version/row-block.js';
import {
  type ShardRows,
  appended,
  buried,
  bytesOf,
  compacted,
  eachLive,
  liveRows,
  rowsFrom,
} from '../../src/version/shard-rows.js';
import { numbered } from '../support/postings.js';
import { contentsOf, idsOf, listOf } from '../support/rows.js';

const D = 2;

function make(postings: readonly Posting[]): ShardRows {
  return rowsFrom(
    listOf(postings, D),
    postings.map((_, i) => i),
    D,
  );
}

function append(rows: ShardRows, postings: readonly Posting[]): ShardRows {
  return appended(
    rows,
    listOf(postings, D),
    postings.map((_, i) => i),
    D,
  );
}

const some = (count: number, prefix: string) => numbered(count, (i) => [i, -i], prefix);
const names = (count: number, prefix: string) => some(count, prefix).map(({ documentId }) => documentId);

describe('new rows', () => {
  test('lie in one block of their own, with no room to spare', () => {
    const rows = make(some(5, 'a'));
    expect([rows.rowCount, rows.liveCount, rows.segments.length]).toEqual([5, 5, 1]);
    expect(rows.segments[0].block.capacity).toBe(5);
    expect(tailOf(rows.segments[0].block)).toBe(5);
    expect(bytesOf(rows)).toBe(5 * (4 * D + 24));
    expect(contentsOf(rows, D)).toEqual(
      some(5, 'a').map((posting, i) => ({ ...posting, start: 0, length: 0, vector: Float32Array.of(i, -i) })),
    );
  });

  test('may be none', () => {
    const rows = make([]);
    expect([rows.rowCount, rows.liveCount, rows.segments, bytesOf(rows)]).toEqual([0, 0, [], 0]);
  });
});

describe('visits', () => {
  test('stop as soon as they are told to', () => {
    const seen: string[] = [];
    eachLive(append(make(some(2, 'a')), some(2, 'b')), (columns, row) => {
      seen.push(columns.ids.at(row));
      return seen.length === 3;
    });
    expect(seen).toEqual(['a0', 'a1', 'b0']);
  });
});

describe('appending', () => {
  test('makes room for more than it needs, and writes there in place next time', () => {
    const first = append(make([]), some(3, 'a'));
    const { block } = first.segments[0];
    expect(block.capacity).toBe(16);
    const second = append(first, some(4, 'b'));
    expect(second.segments[0].block).toBe(block);
    expect(tailOf(block)).toBe(7);
    expect(idsOf(second)).toEqual([...names(3, 'a'), ...names(4, 'b')]);
  });

  test('is invisible to the value before it (I1)', () => {
    const before = append(make([]), some(3, 'a'));
    const contents = contentsOf(before, D);
    append(append(before, some(4, 'b')), some(20, 'c'));
    expect(contentsOf(before, D)).toEqual(contents);
    expect([before.rowCount, before.liveCount, before.segments.length]).toEqual([3, 3, 1]);
  });

  test('copies the partial block where another branch has taken the tail', () => {
    const base = append(make([]), some(3, 'a'));
    const mine = append(base, some(2, 'b'));
    const other = append(base, some(2, 'c'));
    expect(mine.segments[0].block).toBe(base.segments[0].block);
    expect(other.segments[0].block).not.toBe(base.segments[0].block);
    expect(other.segments[0].block.capacity).toBe(base.segments[0].block.capacity);
    expect(idsOf(base)).toEqual(names(3, 'a'));
    expect(idsOf(mine)).toEqual([...names(3, 'a'), ...names(2, 'b')]);
    expect(idsOf(other)).toEqual([...names(3, 'a'), ...names(2, 'c')]);
    // Both go on in place.
    expect(append(mine, some(1, 'd')).segments[0].block).toBe(mine.segments[0].block);
    expect(append(other, some(1, 'd')).segments[0].block).toBe(other.segments[0].block);
  });

  test('takes the separations along when it copies', () => {
    const base = append(make([]), some(3, 'a'));
    append(base, some(1, 'b'));
    const other = append(base, some(2, 'c'));
    const { separations } = columnsOf(other.segments[0].block);
    expect([...separations.subarray(0, 5)]).toEqual([0, 1, 2, 0, 1]);
  });

  test('fills the last block first, then opens another an eighth of the size', () => {
    const rows = append(append(make(some(400, 'a')), some(3, 'b')), some(60, 'c'));
    expect(rows.segments.map(({ block, visible }) => [block.capacity, visible])).toEqual([
      [400, 400],
      [50, 50],
      [56, 13],
    ]);
    expect(idsOf(rows)).toEqual([...names(400, 'a'), ...names(3, 'b'), ...names(60, 'c')]);
  });

  test('of more rows than that opens a block as large as they need', () => {
    const rows = append(make(some(4, 'a')), some(100, 'b'));
    expect(rows.segments.map(({ block }) => block.capacity)).toEqual([4, 100]);
  });
});

describe('burying', () => {
  test('takes rows out of one value only (I1, I7)', () => {
    const before = make(some(70, 'a'));
    const after = buried(before, 0, [0, 31, 32, 63, 69]);
    expect([before.liveCount, idsOf(before).length]).toEqual([70, 70]);
    expect([after.rowCount, after.liveCount]).toEqual([70, 65]);
    expect(after.segments[0].block).toBe(before.segments[0].block);
    const gone = new Set(['a0', 'a31', 'a32', 'a63', 'a69']);
    expect(idsOf(after)).toEqual(names(70, 'a').filter((name) => !gone.has(name)));
    expect(liveRows(after).length).toBe(65);
  });

  test('adds to what was buried before', () => {
    const once = buried(make(some(40, 'a')), 0, [1]);
    const twice = buried(once, 0, [2, 39]);
    expect(once.liveCount).toBe(39);
    expect(twice.liveCount).toBe(37);
    expect(idsOf(twice)).toEqual(names(40, 'a').filter((name) => !['a1', 'a2', 'a39'].includes(name)));
  });

  test('lets rows appended later live, also beyond the end of the bitmap', () => {
    const base = buried(append(make([]), some(10, 'a')), 0, [9]);
    const rows = append(append(base, some(6, 'b')), some(100, 'c'));
    expect(idsOf(rows)).toEqual([...names(9, 'a'), ...names(6, 'b'), ...names(100, 'c')]);
    const wide = buried(append(make([]), some(33, 'a')), 0, [32]);
    expect(idsOf(wide)).toEqual(names(32, 'a'));
  });

  test('survives the copy of a block that another branch has appended to', () => {
    const base = buried(append(make([]), some(5, 'a')), 0, [2]);
    append(base, some(1, 'b'));
    const other = append(base, some(1, 'c'));
    expect(idsOf(other)).toEqual(['a0', 'a1', 'a3', 'a4', 'c0']);
    expect([other.rowCount, other.liveCount]).toEqual([6, 5]);
  });

  test('lets go of a block without live rows at once', () => {
    const base = append(make(some(2, 'a')), some(3, 'b'));
    const after = buried(base, 0, [0, 1]);
    expect(after.segments).toHaveLength(1);
    expect(after.segments[0].block).toBe(base.segments[1].block);
    expect([after.rowCount, after.liveCount]).toEqual([3, 3]);
    expect(buried(after, 0, [0, 1, 2]).segments).toEqual([]);
    expect(idsOf(base)).toHaveLength(5);
  });
});

describe('compacting', () => {
  test('keeps the live rows, in order and with their separations, and nothing else', () => {
    const base = buried(append(make(some(4, 'a')), some(4, 'b')), 0, [0, 3]);
    const rows = compacted(base, D);
    expect([rows.rowCount, rows.liveCount, rows.segments.length]).toEqual([6, 6, 1]);
    expect(contentsOf(rows, D)).toEqual(contentsOf(base, D));
    expect([...columnsOf(rows.segments[0].block).separations.subarray(0, 6)]).toEqual([1, 2, 0, 1, 2, 3]);
    expect(base.rowCount).toBe(8);
  });

  test('leaves room for more where rows were appended before, and none where they were not', () => {
    const untouched = compacted(buried(make(some(200, 'a')), 0, [0]), D);
    expect(untouched.segments[0].block.capacity).toBe(199);
    expect(append(untouched, some(1, 'b')).segments).toHaveLength(2);

    const rows = compacted(append(make(some(200, 'a')), some(4, 'b')), D);
    // An eighth.
    expect(rows.segments[0].block.capacity).toBe(204 + 25);
    const more = append(rows, some(25, 'c'));
    expect(more.segments.map(({ block }) => block)).toEqual([rows.segments[0].block]);
    expect(append(more, some(1, 'd')).segments).toHaveLength(2);
  });

  test('of nothing is nothing', () => {
    expect(compacted(buried(make(some(1, 'a')), 0, [0]), D).segments).toEqual([]);
  });
});

test('values are frozen, and give no way to their bitmaps (I1)', () => {
  const rows = buried(make(some(3, 'a')), 0, [1]);
  for (const value of [rows, rows.segments, rows.segments[0]]) expect(Object.isFrozen(value)).toBe(true);
  expect(Reflect.ownKeys(rows.segments[0])).toEqual(['block', 'visible', 'liveCount']);
  expect(Reflect.ownKeys(rows)).toEqual(['segments', 'rowCount', 'liveCount']);
});
