/*
 * The blocks that a replica has received: which block each handle stands for. `ReplicaClient` resolves the handles of a
 * difference here before it builds a version.
 */

import { InvalidDeltaError } from '../../errors.js';
import { type Columns, ROW_OVERHEAD, RowBlock, columnsOf } from '../../version/row-block.js';
import type { Difference, Handle, RowCopies, SentBlock, SentRows, SentShard } from './messages.js';

interface ReceivedBlock {
  readonly handle: Handle;
  readonly block: WeakRef<RowBlock>;
  /** Number of times that it was sent. */
  generation: number;
  /** Number of its rows, from the first on, that are known. */
  rows: number;
  readonly byteLength: number;
}

/**
 * Blocks of a replica, by handle.
 *
 * It keeps no block alive (I8). When one is collected, the owner is told that its handle is void.
 */
export class ReceivedBlocks {
  readonly #known = new Map<Handle, ReceivedBlock>();
  #byteLength = 0;
  readonly #forgotten: (readonly [Handle, number])[] = [];
  readonly #tell: (blocks: readonly (readonly [Handle, number])[]) => void;
  readonly #collected = new FinalizationRegistry<ReceivedBlock>((received) => {
    const { handle, generation, byteLength } = received;
    this.#byteLength -= byteLength;
    // It may have been sent and made again meanwhile.
    if (this.#known.get(handle) !== received) return;
    this.#known.delete(handle);
    // Usually many are collected at once; one message reports them all.
    if (this.#forgotten.push([handle, generation]) === 1) queueMicrotask(this.#flush);
  });

  /** Bytes of all blocks that are not collected yet, whether or not a version has them. */
  get byteLength(): number {
    return this.#byteLength;
  }

  constructor(tell: (blocks: readonly (readonly [Handle, number])[]) => void) {
    this.#tell = tell;
  }

  /**
   * Takes the blocks and rows of a difference; returns the blocks of all handles in it, with enough known rows for
   * every segment. Returns `undefined` if something is missing.
   */
  take(
    { blocks, rows }: Pick<Difference, 'blocks' | 'rows'>,
    shards: readonly SentShard[],
    dimensions: number,
  ): Map<Handle, RowBlock> | undefined {
    const found = new Map<Handle, RowBlock>();
    for (const sent of blocks) found.set(sent.handle, this.#blockOf(sent, dimensions));
    if (!this.#takeRows(rows)) return undefined;
    for (const { segments } of shards) {
      for (const segment of segments) {
        if (typeof segment === 'number') continue;
        const known = this.#known.get(segment.handle);
        const block = known?.block.deref();
        if (known === undefined || block === undefined || known.rows < segment.visible) return undefined;
        found.set(segment.handle, block);
      }
    }
    return found;
  }

  /** Lists the blocks that are alive, with their known rows. The list holds them. */
  list(): (Omit<ReceivedBlock, 'block'> & { readonly block: RowBlock })[] {
    return [...this.#known.values()].flatMap((received) => {
      const block = received.block.deref();
      return block === undefined ? [] : [{ ...received, block }];
    });
  }

  /** Returns the existing block, so that versions share it (I4), or a new one. */
  #blockOf({ handle, generation, capacity, memory }: SentBlock, dimensions: number): RowBlock {
    const known = this.#known.get(handle);
    const there = known?.block.deref();
    if (known !== undefined && there !== undefined) {
      known.generation = generation;
      return there;
    }
    // Private memory has no other writer, yet it counts as full, so that nothing here appends to it.
    const buffer = memory ?? new ArrayBuffer(capacity * (4 * dimensions + ROW_OVERHEAD));
    const block = new RowBlock(capacity, dimensions, buffer);
    const { byteLength } = block;
    this.#byteLength += byteLength;
    const received = { handle, block: new WeakRef(block), generation, rows: 0, byteLength };
    this.#known.set(handle, received);
    this.#collected.register(block, received);
    return block;
  }

  #takeRows({ runs, ids, copies }: SentRows): boolean {
    for (let run = 0, done = 0; run < runs.length; run += 3) {
      const [handle, from, count] = [runs[run], runs[run + 1], runs[run + 2]];
      const known = this.#known.get(handle);
      const block = known?.block.deref();
      if (known === undefined || block === undefined || from > known.rows) return false;
      if (!(from + count <= block.capacity))
        throw new InvalidDeltaError('More rows were sent than a block has.');
      const columns = columnsOf(block);
      done = columns.ids.putParts(ids, done, from, from + count, known.rows);
      if (copies.length > 0) copyInto(columns, from, copies[run / 3]);
      known.rows = Math.max(known.rows, from + count);
    }
    return true;
  }

  readonly #flush = (): void => {
    this.#tell(this.#forgotten.splice(0));
  };
}

function copyInto(columns: Columns, from: number, copies: RowCopies): void {
  const dimensions = columns.vectors.length / columns.starts.length;
  columns.vectors.set(copies.vectors, from * dimensions);
  columns.squaredNorms.set(copies.squaredNorms, from);
  columns.separations.set(copies.separations, from);
  columns.starts.set(copies.starts, from);
  columns.lengths.set(copies.lengths, from);
}
