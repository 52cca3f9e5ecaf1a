import { isCollection } from 'immutable';

export interface Reached {
  readonly value: object;
  readonly path: string;
}

/**
 * Every object that can be had from a value by reading properties, whatever they are named, and by iterating over the
 * Immutable.js maps and sets among them. What those are made of inside is theirs: they are taken to be opaque.
 */
export function reachable(root: object): Reached[] {
  const seen = new Set<object>();
  const reached: Reached[] = [];
  const todo: Reached[] = [{ value: root, path: 'root' }];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const { value, path } = next;
    if (seen.has(value)) continue;
    seen.add(value);
    reached.push(next);
    const children: [string, unknown][] = isCollection(value)
      ? [...value.toSeq().entrySeq()].map(([key, child]) => [`<${String(key)}>`, child])
      : Reflect.ownKeys(value).map((key) => [String(key), Reflect.get(value, key)]);
    for (const [key, child] of children) {
      if (typeof child === 'object' && child !== null) todo.push({ value: child, path: `${path}.${key}` });
    }
  }
  return reached;
}

/** Every object that a value consists of, the insides of Immutable.js collections included. */
export function parts(root: object): Set<object> {
  const seen = new Set<object>();
  const todo = [root];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    for (const key of Reflect.ownKeys(next)) {
      const child: unknown = Reflect.get(next, key);
      if (typeof child === 'object' && child !== null) todo.push(child);
    }
  }
  return seen;
}
