// The document ids of a block's rows, sixteen to a string, so that an id takes few bytes beside its characters.
import { hashOf } from './hash.js';
import { newList } from './new-list.js';

/** Rows whose ids are packed in one string. */
const GROUP = 16;

/** Wanted ids of one hash that a row is compared with one by one; of more, its own id is looked up. */
const FEW = 16;

/** Lengths of ids are characters of the string, which should not take two bytes each because of them. */
const LONGEST = 0xff;

/**
 * The ids of a block's rows.
 *
 * A string takes 16 bytes beside its characters, and 8 for its reference. So the ids of sixteen rows, once all are set, are
 * packed into one: their lengths, a byte of each hash, and their characters. That takes some 4 bytes a row beside the
 * characters. If one is very long, they stay as they are.
 */
export class IdColumn {
  readonly #capacity: number;
  readonly #groups = newList<IdPart | undefined>();

  constructor(capacity: number) {
    this.#capacity = capacity;
    // Allocates what is needed; growing would allocate more.
    this.#groups.length = Math.ceil(capacity / GROUP);
  }

  /** The id of a row, which must have one. */
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

  /** Whether a row has a wanted id. */
  is(row: number, { id, hash }: WantedId): boolean {
    const group = this.#groups[row >>> 4];
    const i = row & 15;
    if (typeof group !== 'string') return group?.[i] === id;
    if (group.charCodeAt(i) !== id.length || group.charCodeAt(this.#sizeAt(row) + i) !== hash) return false;
    return group.startsWith(id, this.#startOf(group, row));
  }

  /** A byte of the hash of a row's id, or −1 if computing it takes as long as reading the id. */
  hashAt(row: number): number {
    const group = this.#groups[row >>> 4];
    return typeof group === 'string' ? group.charCodeAt(this.#sizeAt(row) + (row & 15)) : -1;
  }

  /** Which of some ids a row has that {@link hashAt} knows the hash of, found without a string for that. */
  among(row: number, ids: readonly string[]): string | undefined {
    const group = this.#groups[row >>> 4] as string;
    const length = group.charCodeAt(row & 15);
    let start = -1;
    for (const id of ids) {
      if (id.length !== length) continue;
      if (start < 0) start = this.#startOf(group, row);
      if (group.startsWith(id, start)) return id;
    }
    return undefined;
  }

  /** Sets the id of a row, once. */
  set(row: number, id: string): void {
    const group = (this.#groups[row >>> 4] ??= newList<string>()) as string[];
    group[row & 15] = id;
    if (group.length === this.#sizeAt(row) && isComplete(group)) this.#groups[row >>> 4] = packed(group);
  }

  /**
   * Appends the ids of rows [`from`, `to`) to `parts`, for {@link putParts} of this column in another thread.
   *
   * Packed ids stay packed: a message of few strings takes less time than one of many.
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
   * Sets the ids of rows [`from`, `to`) from the {@link partsInto parts} from `at` on. Returns the index of the next part.
   *
   * Rows before `known` have their ids already.
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

  /** Whether a group begins at a row, and ends at or before `to`. */
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

/** An id that rows are compared with, and a byte of its hash. */
export class WantedId {
  readonly id: string;
  readonly hash: number;

  constructor(id: string) {
    this.id = id;
    this.hash = hashByteOf(id);
  }
}

/** Ids that rows are compared with; a byte of the hash rules most other rows out. */
export class WantedIds {
  readonly #ids: ReadonlySet<string> | ReadonlyMap<string, unknown>;
  /** A bitmap of the bytes that are the hash of one of them. */
  readonly #hashes = newList<number>();
  /** Those of each such byte, made when the first row has one. */
  #byHash: ReadonlyMap<number, readonly string[]> | undefined;

  constructor(ids: ReadonlySet<string> | ReadonlyMap<string, unknown>) {
    this.#ids = ids;
    this.#hashes.push(0, 0, 0, 0, 0, 0, 0, 0);
    for (const id of ids.keys()) {
      const hash = hashByteOf(id);
      this.#hashes[hash >>> 5] |= 1 << (hash & 31);
    }
  }

  /** The id of a row, if it is one of them. */
  idAt(ids: IdColumn, row: number): string | undefined {
    const hash = ids.hashAt(row);
    if (hash >= 0 && (this.#hashes[hash >>> 5] & (1 << (hash & 31))) === 0) return undefined;
    const alike = hash < 0 ? undefined : (this.#byHash ??= idsByHash(this.#ids.keys())).get(hash);
    const id = alike === undefined || alike.length > FEW ? ids.at(row) : ids.among(row, alike);
    return id !== undefined && this.#ids.has(id) ? id : undefined;
  }
}

function idsByHash(ids: Iterable<string>): ReadonlyMap<number, readonly string[]> {
  const byHash = new Map<number, string[]>();
  for (const id of ids) {
    const hash = hashByteOf(id);
    const alike = byHash.get(hash);
    if (alike === undefined) byHash.set(hash, [id]);
    else alike.push(id);
  }
  return byHash;
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
