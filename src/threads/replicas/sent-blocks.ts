import type { IdPart } from '../../version/id-column.js';
import { type Columns, type RowBlock, columnsOf } from '../../version/row-block.js';
import type { Handle, KnownBlock, RowCopies, SentBlock } from './messages.js';

/** A block as the other side knows it. */
interface KnownToReplica {
  readonly handle: Handle;
  generation: number;
  /** How many of its rows, from the first on, the other side knows the documents of. */
  rows: number;
}

/** What goes along with a difference, so that its handles can be understood. */
export class Parcel {
  readonly blocks: SentBlock[] = [];
  readonly rows = { runs: [] as number[], ids: [] as IdPart[], copies: [] as RowCopies[] };
  /**
   * Blocks that the follower has for sure, as the version that it starts from has them, or they are in this parcel.
   * `undefined` where it starts from nothing: then it keeps all blocks of the book, as it has promised.
   */
  readonly held: Set<RowBlock> | undefined;

  constructor(fromNothing: boolean) {
    this.held = fromNothing ? undefined : new Set();
  }
}

/**
 * The owner's book of what one follower has: each block's memory is sent once, and each row's document once. It keeps no
 * block alive (I8).
 *
 * That a block was sent does not mean that the follower has it: once none of its versions has the block, it is collected
 * there at any time, and that it was is heard of later still. So a block that comes back, in a restored state, is sent
 * again, under the same handle: the follower takes the one that it has, where it still has it.
 */
export class SentBlocks {
  readonly #shares: boolean;
  readonly #sent = new WeakMap<RowBlock, KnownToReplica>();
  readonly #byHandle = new Map<Handle, KnownToReplica>();
  #nextHandle = 0;

  constructor(shares: boolean) {
    this.#shares = shares;
  }

  /** How many blocks the other side is taken to have. */
  get size(): number {
    return this.#byHandle.size;
  }

  /** The handle of a block of which `visible` rows have to be known; what is missing for that goes into the parcel. */
  handleOf(block: RowBlock, visible: number, parcel: Parcel): Handle {
    const columns = columnsOf(block);
    const sent = this.#sent.get(block) ?? { handle: this.#nextHandle++, generation: 0, rows: 0 };
    const isThere = this.#byHandle.has(sent.handle) && (parcel.held?.has(block) ?? true);
    if (!isThere) {
      sent.generation++;
      sent.rows = 0;
      this.#sent.set(block, sent);
      this.#byHandle.set(sent.handle, sent);
      parcel.held?.add(block);
      const memory = this.#shares ? columns.vectors.buffer : undefined;
      parcel.blocks.push({
        handle: sent.handle,
        generation: sent.generation,
        capacity: block.capacity,
        memory,
      });
    }
    const { handle, rows: from } = sent;
    if (from < visible) {
      const { rows } = parcel;
      rows.runs.push(handle, from, visible - from);
      columns.ids.partsInto(rows.ids, from, visible);
      if (!this.#shares) rows.copies.push(copies(columns, from, visible));
      sent.rows = visible;
    }
    return handle;
  }

  /** What was sent again since is there, or will be. */
  forgot(blocks: readonly (readonly [Handle, number])[]): void {
    for (const [handle, generation] of blocks)
      if (this.#byHandle.get(handle)?.generation === generation) this.#byHandle.delete(handle);
  }

  /** Starts again from what the follower says it has: what was sent besides may have been lost. */
  reset(known: readonly KnownBlock[]): void {
    const has = new Map(known.map((each) => [each[0], each]));
    for (const [handle, sent] of this.#byHandle) {
      const there = has.get(handle);
      if (there === undefined) this.#byHandle.delete(handle);
      else [, sent.generation, sent.rows] = there;
    }
  }
}

function copies(columns: Columns, from: number, to: number): RowCopies {
  const dimensions = columns.vectors.length / columns.starts.length;
  return {
    vectors: columns.vectors.slice(from * dimensions, to * dimensions),
    squaredNorms: columns.squaredNorms.slice(from, to),
    separations: columns.separations.slice(from, to),
    starts: columns.starts.slice(from, to),
    lengths: columns.lengths.slice(from, to),
  };
}
