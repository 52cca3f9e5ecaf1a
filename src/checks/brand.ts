/**
 * Marks that tell what a value of this library is, also to another copy of the library: two may be loaded in one process,
 * as where one is bundled, and neither `instanceof` nor a private field of one knows what the other has made.
 */
import { fieldOf } from './given.js';

/** Registered, so that it is the same in all copies. */
export const BRAND: unique symbol = Symbol.for('shardex.brand');

/** How values are laid out in memory: one more whenever another copy could not make sense of them any more. */
const FORMAT = 1;

/** What a value is, and which format it has. */
export interface Brand {
  readonly is: 'centroids' | 'cell' | 'draft' | 'commit' | 'delta' | 'pin';
  readonly format: number;
}

/** A mark for the prototype of a class. */
export function brand(is: Brand['is']): Brand {
  return Object.freeze({ is, format: FORMAT });
}

/** The mark of any value, of this copy or another one; `undefined` where it has none. */
export function brandOf(value: unknown): Brand | undefined {
  return fieldOf(value, BRAND) as Brand | undefined;
}

/** What to say of a value that another copy of the library has made. */
export function otherCopy({ format }: Brand, what: string, instead: string): string {
  return `This ${what} was made by another copy of the library (its format is ${format}, that of this copy ${FORMAT}): two are loaded, as by two versions of the package, or a bundle beside it. Load one of them only, or ${instead}.`;
}
