/*
 * Which rows of which blocks lie in chunks already. Blocks are known by identity, and not kept alive: a row that was
 * written once is never written again while its chunk is worth keeping.
 */

import type { RowBlock } from '../../version/row-block.js';
import { type Segment, isDead } from '../../version/shard-rows.js';
import type { RowRun } from './row-chunk.js';

/** A chunk that was put. */
export interface WrittenChunk {
  readonly key: string;
  readonly rows: number;
  readonly byteLength: number;
}

/** Some rows of a block in a chunk. */
export interface Place {
  readonly at: number;
  readonly count: number;
  readonly chunk: WrittenChunk;
  readonly row: number;
}

/** Places of rows, by block. */
export class WrittenRows {
  readonly #places = new WeakMap<RowBlock, readonly Place[]>();

  /** The places of a block's rows, ascending and without overlaps. */
  of(block: RowBlock): readonly Place[] {
    return this.#places.get(block) ?? [];
  }

  set(block: RowBlock, places: readonly Place[]): void {
    this.#places.set(block, places);
  }

  add(block: RowBlock, place: Place): void {
    this.set(
      block,
      [...this.of(block), place].sort((a, b) => a.at - b.at),
    );
  }

  /** Forgets the rows that lie in some chunks, of one block. */
  forget(block: RowBlock, chunks: ReadonlySet<WrittenChunk>): void {
    const places = this.of(block);
    if (places.some(({ chunk }) => chunks.has(chunk)))
      this.set(
        block,
        places.filter(({ chunk }) => !chunks.has(chunk)),
      );
  }
}

/** The live rows of a segment that no place has, as runs of at most so many rows. Time: O(rows). */
export function missingRuns(segment: Segment, places: readonly Place[], most: number): RowRun[] {
  const { block, visible } = segment;
  const runs: { block: RowBlock; at: number; count: number }[] = [];
  let next = 0;
  const take = (end: number): void => {
    for (let row = next; row < end; row++) {
      if (isDead(segment, row)) continue;
      const last = runs.at(-1);
      if (last !== undefined && last.at + last.count === row && last.count < most) last.count++;
      else runs.push({ block, at: row, count: 1 });
    }
  };
  for (const { at, count } of places) {
    take(Math.min(at, visible));
    next = Math.max(next, at + count);
  }
  take(visible);
  return runs;
}

/** The live rows of a segment in each chunk. Time: O(rows) where some are dead, else O(places). */
export function countUse(segment: Segment, places: readonly Place[], use: Map<WrittenChunk, number>): void {
  const { visible, liveCount } = segment;
  for (const { at, count, chunk } of places) {
    const end = Math.min(at + count, visible);
    let live = Math.max(0, end - at);
    if (liveCount < visible) for (let row = at; row < end; row++) if (isDead(segment, row)) live--;
    use.set(chunk, (use.get(chunk) ?? 0) + live);
  }
}
