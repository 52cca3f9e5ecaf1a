/**
 * An empty array that V8 makes in the young generation. What `[]` makes, it puts into the old one from then on where the
 * first many of it, as when an index is built, have lived long; and an array there, dead or not, keeps all it holds until
 * a major collection.
 */
export function newList<T>(): T[] {
  return Array.of<T>();
}
