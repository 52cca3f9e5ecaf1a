// Document ids of a block's rows, sixteen to a string, so that an id costs a few bytes beside its characters.
import { hashOf } from './hash.js';
import { newList } from './new-list.js';

/** As many rows, one after another, have their ids in one text. */
const GROUP = 16;

/** Lengths of ids in a text are characters of it, which should not take two bytes each because of that. */
const LONGEST = 0xff;

/**
 * The ids of a block's rows. A string of its own takes 16 bytes beside its characters, rounded up to 8, and 8 for its place;
 * so those of sixteen rows, once all are there, become one text: their lengths, a byte of the hash of each, and their
 * characters. It takes some 4 bytes for a row beside them. Where one is very long they stay as they are.
 */
export class IdColumn {
  readonly #capacity: number;
  readonly #groups = newList<IdPart | undefined>();

  constructor(capacity: number) {
    this.#capacity = capacity;
    // Else it would grow by more than is needed.
    this.#groups.length = Math.ceil(capacity / GROUP);
  }

  /** The id of a row; not meant for rows that have none yet. */
  at(row: number): string {
    const group = this.#groups[row >>> 4];
    const i = row & 15;
    if (typeof group !== 'string') return (group as readonly string[])[i];
    const start = this.#startOf(group, row);
    return group.slice(start, start + group.charCodeAt(i));
  }

  /** Whether a row has an id by now. */
  has(row: number): boolean {
    const group = this.#groups[row >>> 4];
    return typeof group === 'string' || group?.[row & 15] !== undefined;
  }

  /** Whether a row has the id that {@link WantedId} stands for. */
  is(row: number, { id, hash }: WantedId): boolean {
    const group = this.#groups[row >>> 4];
    const i = row & 15;
    if (typeof group !== 'string') return group?.[i] === id;
    if (group.charCodeAt(i) !== id.length || group.charCodeAt(this.#sizeAt(row) + i) !== hash) return false;
    return group.startsWith(id, this.#startOf(group, row));
  }

  /** A byte of the hash of a row's id, or −1 where finding it out takes as long as reading the id. */
  hashAt(row: number): number {
    const group = this.#groups[row >>> 4];
    return typeof group === 'string' ? group.charCodeAt(this.#sizeAt(row) + (row & 15)) : -1;
  }

  /** Gives a row its id, once. */
  set(row: number, id: string): void {
    const group = (this.#groups[row >>> 4] ??= newList<string>()) as string[];
    group[row & 15] = id;
    if (group.length === this.#sizeAt(row) && isComplete(group)) this.#groups[row >>> 4] = packed(group);
  }

  /**
   * Adds the ids of the rows from `from` to before `to`, for {@link putParts} of the same column elsewhere. Sixteen that lie
   * in one text come as that: a message of few strings takes less time than one of many.
   */
  partsInto(parts: IdPart[], from: number, to: number): void {
    for (let row = from; row < to;) {
      const group = this.#groups[row >>> 4];
      const whole = group !== undefined && this.#isWhole(row, to);
      parts.push(whole ? group : this.at(row));
      row += whole ? this.#sizeAt(row) : 1;
    }
  }

  /**
   * Puts in the ids of the rows from `from` to before `to`, which are the {@link partsInto parts} from `at` on; those of the
   * rows before `known` are there already. Returns where the parts of other rows begin.
   */
  putParts(parts: readonly IdPart[], at: number, from: number, to: number, known = from): number {
    let next = at;
    for (let row = from; row < to; next++) {
      if (this.#isWhole(row, to)) {
        this.#groups[row >>> 4] = parts[next];
        row += this.#sizeAt(row);
      } else {
        if (row >= known) this.set(row, parts[next] as string);
        row++;
      }
    }
    return next;
  }

  /** Whether a group begins at a row, and ends before another one. */
  #isWhole(row: number, to: number): boolean {
    return (row & 15) === 0 && row + this.#sizeAt(row) <= to;
  }

  /** How many rows are in the group of a row: fewer at the end of the block. */
  #sizeAt(row: number): number {
    return Math.min(GROUP, this.#capacity - (row & ~15));
  }

  #startOf(group: string, row: number): number {
    let start = 2 * this.#sizeAt(row);
    for (let i = row & 15; i > 0; i--) start += group.charCodeAt(i - 1);
    return start;
  }
}

/** The id of a row, or those of a group of rows. */
export type IdPart = string | readonly string[];

/** An id that rows are compared with. */
export class WantedId {
  readonly id: string;
  readonly hash: number;

  constructor(id: string) {
    this.id = id;
    this.hash = hashByteOf(id);
  }
}

/** Ids that rows are compared with: most rows that have none of them are told by a byte of their hash. */
export class WantedIds {
  readonly #ids: Pick<ReadonlySet<string>, 'has'>;
  /** A bit for each byte that is the hash of one of them, 32 in a word. */
  readonly #hashes = newList<number>();

  constructor(ids: ReadonlySet<string> | ReadonlyMap<string, unknown>) {
    this.#ids = ids;
    this.#hashes.push(0, 0, 0, 0, 0, 0, 0, 0);
    for (const id of ids.keys()) {
      const hash = hashByteOf(id);
      this.#hashes[hash >>> 5] |= 1 << (hash & 31);
    }
  }

  /** The id of a row where it is among them, and still is. */
  idAt(ids: IdColumn, row: number): string | undefined {
    const hash = ids.hashAt(row);
    if (hash >= 0 && (this.#hashes[hash >>> 5] & (1 << (hash & 31))) === 0) return undefined;
    const id = ids.at(row);
    return this.#ids.has(id) ? id : undefined;
  }
}

function hashByteOf(id: string): number {
  return hashOf(id) & 0xff;
}

function isComplete(group: readonly (string | undefined)[]): group is readonly string[] {
  for (const id of group) if (id === undefined) return false;
  return true;
}

function packed(group: readonly string[]): IdPart {
  const heads = newList<number>();
  for (const id of group) {
    if (id.length > LONGEST) return group;
    heads.push(id.length);
  }
  for (const id of group) heads.push(hashByteOf(id));
  return [String.fromCharCode(...heads), ...group].join('');
}
