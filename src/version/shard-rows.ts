// The rows of a shard: segments of row blocks, minus their dead rows. Every change makes new values, which share blocks.
import { bitCount } from '../collections/bits.js';
import { type Columns, RowBlock, RowList, claimRows, columnsOf, copyRow, copyRows } from './row-block.js';
import { newList } from '../collections/new-list.js';

/**
 * A bitmap of the dead rows of a segment, in signed 32-bit words.
 *
 * A plain array: a typed one of more than 64 bytes has memory outside of the heap, to be freed for every row that dies.
 */
export type DeadBits = readonly number[];

/** Whether a row of a segment is deleted or superseded. */
export let isDead: (segment: Segment, row: number) => boolean;
/** The bitmap of a segment's dead rows; `undefined` if all are live. Never given to callers of the library. */
export let deadBits: (segment: Segment) => DeadBits | undefined;

/** The first `visible` rows of a block, minus the dead ones (I7). Immutable; its bitmap is private (I1). */
export class Segment {
  /** The block of the rows, which versions share. */
  readonly block: RowBlock;
  /** How many rows of the block this segment sees; later ones belong to other versions. */
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

/** The rows of a shard in one version. Immutable: the functions below return other values. */
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

/** Bounds of {@link spareRowsFor}. */
const [LEAST_SPARE, MOST_SPARE] = [16, 65_536];

/** Spare rows of a new block, for later appends: an eighth of the shard's rows, within bounds. */
function spareRowsFor(rowCount: number): number {
  return Math.min(MOST_SPARE, Math.max(LEAST_SPARE, rowCount >>> 3));
}

/** Bytes of all blocks that these rows keep alive. */
export function bytesOf(rows: ShardRows): number {
  return rows.segments.reduce((sum, segment) => sum + segment.block.byteLength, 0);
}

/** Visits each live row, oldest first; stops when `visit` returns `true`. */
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

/** Visits each live row of a segment from `first` on. */
export function eachLiveRow(segment: Segment, first: number, visit: (row: number) => void): void {
  for (let row = first; row < segment.visible; row++) if (!isDead(segment, row)) visit(row);
}

/**
 * The rows of a block that are live in one segment and dead in a later one.
 *
 * Returns `undefined` if `after` cannot follow from `before`: a dead row would have to revive, or a visible one vanish.
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

/** The live rows, oldest first. */
export function liveRows(rows: ShardRows): RowList {
  const list = new RowList();
  eachLive(rows, (_, row, segment) => {
    list.push(segment.block, row);
  });
  return list;
}

/** Copies rows to one new block, with spare rows; `separations[i]` is that of row `i` of the list. */
export function rowsFrom(
  list: RowList,
  separations: ArrayLike<number>,
  dimensions: number,
  spareRows = 0,
): ShardRows {
  if (list.length === 0) return new ShardRows([]);
  const block = new RowBlock(list.length + spareRows, dimensions);
  claimRows(block, 0, list.length);
  fill(block, 0, list, separations, 0, list.length);
  return new ShardRows([new Segment(block, list.length, list.length)]);
}

/**
 * Copies the live rows to one new block.
 *
 * If rows were appended before, more will be, so it gets spare rows. Time: O(live rows · dimensions).
 */
export function compacted(rows: ShardRows, dimensions: number): ShardRows {
  const list = liveRows(rows);
  return rowsFrom(
    list,
    list.rows.map((row, i) => columnsOf(list.blocks[i]).separations[row]),
    dimensions,
    rows.segments.length > 1 ? spareRowsFor(list.length) : 0,
  );
}

/**
 * Appends copies of rows.
 *
 * It writes behind the last visible row if the space can be claimed (I1); if another branch has claimed it, it copies the
 * block first.
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
    const spare = last === undefined ? 0 : last.block.capacity - last.visible;
    if (last === undefined || spare === 0) {
      const wanted = Math.max(spareRowsFor(count), list.length - done);
      segments.push(new Segment(new RowBlock(wanted, dimensions), 0, 0));
      continue;
    }
    const take = Math.min(spare, list.length - done);
    const block = claimedAfter(last, take, dimensions);
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
  // A segment without live rows releases its block at once.
  if (next.liveCount === 0) segments.splice(segmentIndex, 1);
  else segments[segmentIndex] = next;
  return new ShardRows(segments);
}

/**
 * Claims the `count` rows after a segment's last visible one. Returns the block that has them.
 *
 * It is the segment's own, or a copy of the same capacity if another branch has claimed these rows.
 */
export function claimedAfter(segment: Segment, count: number, dimensions: number): RowBlock {
  if (claimRows(segment.block, segment.visible, count)) return segment.block;
  const block = new RowBlock(segment.block.capacity, dimensions);
  claimRows(block, 0, segment.visible + count);
  const from = columnsOf(segment.block);
  const to = columnsOf(block);
  copyRows(from, 0, to, 0, segment.visible);
  to.separations.set(from.separations.subarray(0, segment.visible));
  return block;
}

/** Makes a segment in which these rows are dead, besides those that are dead in an earlier one. */
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

/** Copies `count` rows of a list, from `done` on, to claimed rows of a block. */
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

/** The bitmap, long enough for `visible` rows; the same one if it already is. */
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
