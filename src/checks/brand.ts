/*
 * Marks that tell what a value of this library is, even to another copy of the library. Two copies may be loaded in one
 * process, as when one is bundled, and neither `instanceof` nor a private field of one recognises values of the other.
 */
import { fieldOf } from './given.js';

/** Registered, so that it is the same in all copies. */
export const BRAND: unique symbol = Symbol.for('shardex.brand');

/** The layout of values in memory; raised whenever another copy could no longer read them. */
const FORMAT = 1;

/** What a value is, and its format. */
export interface Brand {
  readonly is: 'centroids' | 'cell' | 'draft' | 'commit' | 'delta' | 'pin';
  readonly format: number;
}

/** Makes a mark for the prototype of a class. */
export function brand(is: Brand['is']): Brand {
  return Object.freeze({ is, format: FORMAT });
}

/** The mark of a value of this copy or another one; `undefined` if it has none. */
export function brandOf(value: unknown): Brand | undefined {
  return fieldOf(value, BRAND) as Brand | undefined;
}

/** The error message for a value that another copy of the library has made. */
export function otherCopy({ format }: Brand, what: string, instead: string): string {
  return `This ${what} was made by another copy of the library (its format is ${format}, that of this copy ${FORMAT}): two are loaded, as by two versions of the package, or a bundle beside it. Load one of them only, or ${instead}.`;
}
