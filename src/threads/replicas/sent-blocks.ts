/*
 * The blocks and rows that the owner has sent to one replica, so that each block's memory and each row's document travel
 * once. `differenceBetween` asks it for handles; what is missing at the replica goes into the parcel.
 */

import type { IdPart } from '../../collections/id-column.js';
import { type Columns, type RowBlock, columnsOf } from '../../version/row-block.js';
import type { Handle, KnownBlock, RowCopies, SentBlock } from './messages.js';

/** A block as the replica knows it. */
interface KnownToReplica {
  readonly handle: Handle;
  generation: number;
  /** Number of its rows, from the first on, whose documents the replica knows. */
  rows: number;
}

/** Blocks and rows that travel along with a difference, so that its handles can be resolved. */
export class Parcel {
  readonly blocks: SentBlock[] = [];
  readonly rows = { runs: [] as number[], ids: [] as IdPart[], copies: [] as RowCopies[] };
  /**
   * Blocks that the replica certainly has: the version that it starts from has them, or they are in this parcel.
   * `undefined` if it starts from nothing: then it holds all blocks that its request named.
   */
  readonly held: Set<RowBlock> | undefined;

  constructor(fromNothing: boolean) {
    this.held = fromNothing ? undefined : new Set();
  }
}

/**
 * The blocks that one replica was sent. It keeps no block alive (I8).
 *
 * Once none of the replica's versions has a block, the replica may collect it at any time, and reports that later. So a
 * block that comes back, as by `restore`, is sent again under the same handle, in a new generation; the replica uses its own
 * if it still has it.
 */
export class SentBlocks {
  readonly #shares: boolean;
  readonly #sent = new WeakMap<RowBlock, KnownToReplica>();
  readonly #byHandle = new Map<Handle, KnownToReplica>();
  #nextHandle = 0;

  constructor(shares: boolean) {
    this.#shares = shares;
  }

  /** Number of blocks that the replica is assumed to have. */
  get size(): number {
    return this.#byHandle.size;
  }

  /**
   * Returns the handle of a block of which `visible` rows must be known; adds what is missing to the parcel.
   */
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

  /** Removes blocks that the replica reported as collected, unless they were sent again since. */
  forgot(blocks: readonly (readonly [Handle, number])[]): void {
    for (const [handle, generation] of blocks)
      if (this.#byHandle.get(handle)?.generation === generation) this.#byHandle.delete(handle);
  }

  /** Resets the table to what the replica reports: whatever else was sent may have been lost. */
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
