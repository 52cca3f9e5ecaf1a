import { type Columns, type RowBlock, columnsOf } from '../version/row-block.js';
import type { Handle, RowCopies, SentBlock, SentRows } from './messages.js';

/** A block as the other side knows it. */
interface Sent {
  readonly handle: Handle;
  /** How many of its rows, from the first on, the other side knows the documents of. */
  rows: number;
  forgotten: boolean;
}

/** What goes along with a difference, so that its handles can be understood. */
export interface Parcel {
  readonly blocks: SentBlock[];
  readonly rows: SentRows[];
}

/**
 * The owner's book of what one follower has: each block's memory is sent once, and each row's document once. It keeps no
 * block alive (I8); what the follower forgets is taken out, and would be sent again under another handle.
 */
export class SentBlocks {
  readonly #shares: boolean;
  readonly #sent = new WeakMap<RowBlock, Sent>();
  readonly #byHandle = new Map<Handle, Sent>();
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
    let sent = this.#sent.get(block);
    const columns = columnsOf(block);
    if (sent === undefined || sent.forgotten) {
      sent = { handle: this.#nextHandle++, rows: 0, forgotten: false };
      this.#sent.set(block, sent);
      this.#byHandle.set(sent.handle, sent);
      const memory = this.#shares ? columns.vectors.buffer : undefined;
      parcel.blocks.push({ handle: sent.handle, capacity: block.capacity, memory });
    }
    const { handle, rows: from } = sent;
    if (from < visible) {
      const documentIds = columns.documentIds.slice(from, visible);
      parcel.rows.push({
        handle,
        from,
        documentIds,
        copies: this.#shares ? undefined : copies(columns, from, visible),
      });
      sent.rows = visible;
    }
    return handle;
  }

  forgot(handles: readonly Handle[]): void {
    for (const handle of handles) {
      const sent = this.#byHandle.get(handle);
      if (sent !== undefined) sent.forgotten = true;
      this.#byHandle.delete(handle);
    }
  }

  /** Starts again from what the follower says it has: what was sent besides may have been lost. */
  reset(known: readonly (readonly [Handle, number])[]): void {
    const rows = new Map(known);
    for (const [handle, sent] of this.#byHandle) {
      const has = rows.get(handle);
      if (has === undefined) this.forgot([handle]);
      else sent.rows = has;
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
