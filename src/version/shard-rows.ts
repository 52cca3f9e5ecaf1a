// The rows of a shard: segments of row blocks, less their dead rows. Every change makes new ones that share the
// blocks.
import { bitCount } from '../collections/bits.js';
import { type Columns, RowBlock, RowList, claimRows, columnsOf, copyRow, copyRows } from './row-block.js';
import { newList } from '../collections/new-list.js';

/**
 * A bit for each row of a segment, 32 in a word, set where it is dead; the words are signed. A plain array, because a typed
 * one of more than 64 bytes has memory of its own outside of the heap, which the collector's threads would have to free for
 * every row that dies.
 */
export type DeadBits = readonly number[];

/** Whether a row of a segment is deleted or superseded. */
export let isDead: (segment: Segment, row: number) => boolean;
/** The bitmap of the dead rows of a segment, for the library's own loops; none where all are live. */
export let deadBits: (segment: Segment) => DeadBits | undefined;

/** The first `visible` rows of a block, less the dead ones (I7). Immutable; its bitmap is private (I1). */
export class Segment {
  /** Where the rows lie; versions share it. */
  readonly block: RowBlock;
  /** Rows of the block that this value sees; later ones belong to others. */
  readonly visible: number;
  /** Visible rows that are not dead. */
  readonly liveCount: number;
  readonly #dead: DeadBits | undefined;

  static {
    isDead = (segment, row) => {
      const dead = segment.#dead;
      return dead !== undefined && (dead[row >>> 5] & (1 << (row & 31))) !== 0;
    };
    deadBits = (segment) => segment.#dead;
  }

  /** @internal */
  constructor(block: RowBlock, visible: number, liveCount: number, dead?: DeadBits) {
    this.block = block;
    this.visible = visible;
    this.liveCount = liveCount;
    this.#dead = dead;
    Object.freeze(this);
  }
}

/** The rows of one shard as one version sees them. Immutable: each function below returns another value. */
export class ShardRows {
  /** The rows, oldest first. */
  readonly segments: readonly Segment[];
  /** Rows held, dead ones included. */
  readonly rowCount: number;
  /** Rows that are neither deleted nor superseded. */
  readonly liveCount: number;

  /** @internal */
  constructor(segments: readonly Segment[]) {
    this.segments = Object.freeze(segments);
    this.rowCount = segments.reduce((sum, segment) => sum + segment.visible, 0);
    this.liveCount = segments.reduce((sum, segment) => sum + segment.liveCount, 0);
    Object.freeze(this);
  }
}

/** Room for further rows behind those of a shard: an eighth of what it holds, within these bounds. */
const LEAST_TAIL = 16;
const MOST_TAIL = 65_536;

function roomAtEnd(rowCount: number): number {
  return Math.min(MOST_TAIL, Math.max(LEAST_TAIL, rowCount >>> 3));
}

/** Bytes of all the blocks that these rows keep alive. */
export function bytesOf(rows: ShardRows): number {
  return rows.segments.reduce((sum, segment) => sum + segment.block.byteLength, 0);
}

/** Calls `visit` with each live row, oldest first; stops early when it returns `true`. */
export function eachLive(
  rows: ShardRows,
  visit: (columns: Columns, row: number, segment: Segment, segmentIndex: number) => unknown,
): void {
  for (let s = 0; s < rows.segments.length; s++) {
    const segment = rows.segments[s];
    const columns = columnsOf(segment.block);
    for (let row = 0; row < segment.visible; row++) {
      if (!isDead(segment, row) && visit(columns, row, segment, s) === true) return;
    }
  }
}

/** Calls `visit` with each live row of a segment from `first` on. */
export function eachLiveRow(segment: Segment, first: number, visit: (row: number) => void): void {
  for (let row = first; row < segment.visible; row++) if (!isDead(segment, row)) visit(row);
}

/**
 * The rows that are live in the first of two segments of one block and dead in the second; `undefined` where the second
 * does not go on from the first, because a row would have to come back or disappear.
 */
export function buriedBetween(before: Segment, after: Segment): readonly number[] | undefined {
  if (after.visible < before.visible) return undefined;
  const [old, now] = [deadBits(before), deadBits(after)];
  const rows: number[] = [];
  if (old === now) return rows;
  const words = wordsOf(before.visible);
  for (let word = 0; word < words; word++) {
    const [was, is] = [old?.[word] ?? 0, now?.[word] ?? 0];
    if ((was & ~is) !== 0) return undefined;
    for (let fresh = is & ~was; fresh !== 0; fresh &= fresh - 1) {
      const row = 32 * word + 31 - Math.clz32(fresh & -fresh);
      if (row < before.visible) rows.push(row);
    }
  }
  return rows;
}

/** The live rows as a list, oldest first. */
export function liveRows(rows: ShardRows): RowList {
  const list = new RowList();
  eachLive(rows, (_, row, segment) => {
    list.push(segment.block, row);
  });
  return list;
}

/** New rows in one block of their own, with room for some more. `separations[i]` belongs to `list`'s row `i`. */
export function rowsFrom(
  list: RowList,
  separations: ArrayLike<number>,
  dimensions: number,
  room = 0,
): ShardRows {
  if (list.length === 0) return new ShardRows([]);
  const block = new RowBlock(list.length + room, dimensions);
  claimRows(block, 0, list.length);
  fill(block, 0, list, separations, 0, list.length);
  return new ShardRows([new Segment(block, list.length, list.length)]);
}

/**
 * The same live rows without the dead ones, in a block of their own. Where rows were appended before, more will be, so
 * there is room for them, and they need no further block soon. Time: O(live rows · dimensions).
 */
export function compacted(rows: ShardRows, dimensions: number): ShardRows {
  const list = liveRows(rows);
  return rowsFrom(
    list,
    list.rows.map((row, i) => columnsOf(list.blocks[i]).separations[row]),
    dimensions,
    rows.segments.length > 1 ? roomAtEnd(list.length) : 0,
  );
}

/**
 * Appends copies of rows. Writes in place behind the last visible row where that space can be claimed (I1); where
 * another branch has taken it, the partial block is copied first.
 *
 * Time: O(appended · dimensions) amortised, however many versions share the block.
 */
export function appended(
  rows: ShardRows,
  list: RowList,
  separations: ArrayLike<number>,
  dimensions: number,
): ShardRows {
  const segments = [...rows.segments];
  let done = 0;
  let count = rows.rowCount;
  while (done < list.length) {
    const last = segments.at(-1);
    const room = last === undefined ? 0 : last.block.capacity - last.visible;
    if (last === undefined || room === 0) {
      const wanted = Math.max(roomAtEnd(count), list.length - done);
      segments.push(new Segment(new RowBlock(wanted, dimensions), 0, 0));
      continue;
    }
    const take = Math.min(room, list.length - done);
    const block = roomAfter(last, take, dimensions);
    fill(block, last.visible, list, separations, done, take);
    segments[segments.length - 1] = new Segment(
      block,
      last.visible + take,
      last.liveCount + take,
      grown(deadBits(last), last.visible + take),
    );
    done += take;
    count += take;
  }
  return new ShardRows(segments);
}

/** Marks rows of one segment dead; they must be live. Time: O(segment rows / 32 + segments). */
export function buried(rows: ShardRows, segmentIndex: number, dead: readonly number[]): ShardRows {
  const segment = rows.segments[segmentIndex];
  const bits = withDead(deadBits(segment), segment.visible, dead);
  const segments = [...rows.segments];
  const next = new Segment(segment.block, segment.visible, segment.liveCount - dead.length, bits);
  // A segment without live rows lets go of its block at once; no later row refers to it.
  if (next.liveCount === 0) segments.splice(segmentIndex, 1);
  else segments[segmentIndex] = next;
  return new ShardRows(segments);
}

/**
 * A block in which the `count` rows after a segment's last visible one are the caller's to write: the segment's own, or
 * where another branch has taken that space, a copy with the same room.
 */
export function roomAfter(segment: Segment, count: number, dimensions: number): RowBlock {
  if (claimRows(segment.block, segment.visible, count)) return segment.block;
  const block = new RowBlock(segment.block.capacity, dimensions);
  claimRows(block, 0, segment.visible + count);
  const from = columnsOf(segment.block);
  const to = columnsOf(block);
  copyRows(from, 0, to, 0, segment.visible);
  to.separations.set(from.separations.subarray(0, segment.visible));
  return block;
}

/** A segment in which just these rows are dead, besides those of an earlier one that it goes on from. */
export function segmentOf(
  block: RowBlock,
  visible: number,
  dead: readonly number[],
  earlier?: Segment,
): Segment {
  const before = earlier === undefined ? undefined : deadBits(earlier);
  const bits = dead.length > 0 ? withDead(before, visible, dead) : grown(before, visible);
  let deadCount = 0;
  if (bits !== undefined) for (const word of bits) deadCount += bitCount(word);
  return new Segment(block, visible, visible - deadCount, bits);
}

/** Copies `count` rows of a list, from `done` on, into claimed rows of a block. */
function fill(
  block: RowBlock,
  first: number,
  list: RowList,
  separations: ArrayLike<number>,
  done: number,
  count: number,
): void {
  const to = columnsOf(block);
  for (let i = 0; i < count; i++) {
    copyRow(columnsOf(list.blocks[done + i]), list.rows[done + i], to, first + i);
    to.separations[first + i] = separations[done + i];
  }
}

/** The bitmap, long enough for `visible` rows; the same one where it already is. */
function grown(bits: DeadBits | undefined, visible: number): DeadBits | undefined {
  return bits === undefined || bits.length >= wordsOf(visible) ? bits : withDead(bits, visible, []);
}

/** A bitmap of `visible` rows in which some more are dead. */
function withDead(bits: DeadBits | undefined, visible: number, dead: readonly number[]): DeadBits {
  const words = bits?.slice() ?? newList<number>();
  while (words.length < wordsOf(visible)) words.push(0);
  for (const row of dead) words[row >>> 5] |= 1 << (row & 31);
  return words;
}

function wordsOf(visible: number): number {
  return (visible + 31) >>> 5;
}
