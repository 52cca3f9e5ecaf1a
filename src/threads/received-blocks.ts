import { ROW_OVERHEAD, RowBlock, columnsOf } from '../version/row-block.js';
import type { Difference, Handle, SentRows } from './messages.js';

interface Received {
  readonly block: WeakRef<RowBlock>;
  /** How many of its rows, from the first on, are known. */
  rows: number;
}

/**
 * The follower's side of the book: which block each handle stands for. It keeps no block alive (I8); when one is
 * collected, the owner is told that its handle means nothing any more.
 */
export class ReceivedBlocks {
  readonly #known = new Map<Handle, Received>();
  readonly #forgotten: Handle[] = [];
  readonly #tell: (handles: readonly Handle[]) => void;
  readonly #collected = new FinalizationRegistry<Handle>((handle) => {
    this.#known.delete(handle);
    // They mostly go by many at once.
    if (this.#forgotten.push(handle) === 1) queueMicrotask(this.#flush);
  });

  constructor(tell: (handles: readonly Handle[]) => void) {
    this.#tell = tell;
  }

  /**
   * Takes in what came with a difference; returns the blocks of all handles in it, each with so many known rows that
   * every segment is covered. `undefined` where something is missing.
   */
  take({ shards, blocks, rows }: Difference, dimensions: number): Map<Handle, RowBlock> | undefined {
    const found = new Map<Handle, RowBlock>();
    for (const { handle, capacity, memory } of blocks) {
      // Where it is not shared, nobody else writes to it, and yet it is filled as if somebody did.
      const buffer = memory ?? new ArrayBuffer(capacity * (4 * dimensions + ROW_OVERHEAD));
      const block = new RowBlock(capacity, dimensions, buffer);
      found.set(handle, block);
      this.#known.set(handle, { block: new WeakRef(block), rows: 0 });
      this.#collected.register(block, handle);
    }
    for (const sent of rows) if (!this.#takeRows(sent)) return undefined;
    for (const { segments } of shards) {
      for (const { handle, visible } of segments) {
        const known = this.#known.get(handle);
        const block = known?.block.deref();
        if (known === undefined || block === undefined || known.rows < visible) return undefined;
        found.set(handle, block);
      }
    }
    return found;
  }

  /** The blocks that are there, by handle, and how many rows of each; held by whoever has the list. */
  list(): { readonly handle: Handle; readonly rows: number; readonly block: RowBlock }[] {
    return [...this.#known].flatMap(([handle, { block, rows }]) => {
      const there = block.deref();
      return there === undefined ? [] : [{ handle, rows, block: there }];
    });
  }

  #takeRows({ handle, from, documentIds, copies }: SentRows): boolean {
    const known = this.#known.get(handle);
    const block = known?.block.deref();
    if (known === undefined || block === undefined || from > known.rows) return false;
    const columns = columnsOf(block);
    documentIds.forEach((documentId, i) => {
      columns.documentIds[from + i] = documentId;
    });
    if (copies !== undefined) {
      const dimensions = columns.vectors.length / columns.starts.length;
      columns.vectors.set(copies.vectors, from * dimensions);
      columns.squaredNorms.set(copies.squaredNorms, from);
      columns.separations.set(copies.separations, from);
      columns.starts.set(copies.starts, from);
      columns.lengths.set(copies.lengths, from);
    }
    known.rows = Math.max(known.rows, from + documentIds.length);
    return true;
  }

  readonly #flush = (): void => {
    this.#tell(this.#forgotten.splice(0));
  };
}
