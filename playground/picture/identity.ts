// Numbers for objects, by which elements of the page are told apart.

/** Numbers objects from 1 on: the same object always has the same number. */
export function identities(): (object: object) => number {
  const numbers = new WeakMap<object, number>();
  let last = 0;
  return (object) => {
    const known = numbers.get(object) ?? ++last;
    numbers.set(object, known);
    return known;
  };
}
