// Arrays that are garbage soon.

/**
 * Makes an empty array in V8's young generation.
 *
 * V8 learns per array literal: if its first arrays survive, as while an index is built, later ones are allocated in the old
 * generation, where they keep their contents alive until a major collection. `Array.of()` avoids that.
 */
export function newList<T>(): T[] {
  return Array.of<T>();
}
