/*
 * Makes methods work without their object, as in `const { read } = cell`, and through a proxy, as reactive stores put around
 * their values. Frameworks do both, and private fields allow neither. Methods of the prototype become getters of bound ones.
 */
import { BRAND } from './brand.js';
import { InvalidOptionError } from '../errors.js';
import { fieldOf } from './given.js';
import { show } from './show.js';

/** The property by which an object is found through a proxy, which returns functions as they are. */
const SELF = Symbol('self');

type Method = (...args: unknown[]) => unknown;
/** Whether an object has the private fields of a class. */
type IsReal = (value: object) => boolean;

/** Lets an object be found through proxies around it; called in its constructor. */
export function findable(object: object): void {
  Object.defineProperty(object, SELF, { value: () => object });
}

/**
 * Rewrites the methods and getters of a class; called in its static block.
 *
 * A `stable` method is the same function each time that it is read, as hooks of frameworks require. The object gets a
 * property for it, so that is for long-lived objects.
 */
export function detachable(
  { prototype }: { readonly prototype: object },
  isReal: IsReal,
  isStable: 'stable' | 'fresh',
): void {
  for (const key of Reflect.ownKeys(prototype)) {
    if (key === 'constructor' || key === BRAND) continue;
    const described = Object.getOwnPropertyDescriptor(prototype, key) as { value?: unknown; get?: unknown };
    const { value, get } = described;
    const self = (given: unknown): object => {
      const real = realOf(given, isReal);
      if (real !== undefined) return real;
      throw new InvalidOptionError(
        'this',
        `${String(key)} was used on ${show(given)}, which is not what it belongs to. Use it on the object itself; a copy of that, or a proxy that hides it, does not do.`,
      );
    };
    if (typeof value === 'function') {
      const method = value as Method;
      Object.defineProperty(prototype, key, accessor(prototype, key, method, self, isReal, isStable));
    } else if (typeof get === 'function') {
      Object.defineProperty(prototype, key, {
        get(this: unknown): unknown {
          return Reflect.apply(get, self(this), []);
        },
      });
    }
  }
}

function accessor(
  prototype: object,
  key: PropertyKey,
  method: Method,
  self: (given: unknown) => object,
  isReal: IsReal,
  isStable: 'stable' | 'fresh',
): PropertyDescriptor {
  // For methods that are read from the prototype itself, to be called on an object later.
  const unbound = function (this: unknown, ...args: unknown[]): unknown {
    return method.apply(self(this), args);
  };
  return {
    get(this: unknown): Method {
      const real = realOf(this, isReal);
      if (real === undefined) return unbound;
      const bound = method.bind(real);
      // Not where a subclass has another method of that name, and has come here by `super`.
      if (isStable === 'stable' && Object.isExtensible(real) && ownerOf(real, key) === prototype)
        Object.defineProperty(real, key, { value: bound, writable: true, configurable: true });
      return bound;
    },
    // Lets tests replace a method of one object.
    set(this: object, value: unknown) {
      Object.defineProperty(this, key, { value, writable: true, configurable: true, enumerable: true });
    },
  };
}

/** The object itself, also if a proxy around it is given; `undefined` for anything else. */
export function realOf<T extends object>(
  given: unknown,
  isReal: (value: object) => value is T,
): T | undefined;
export function realOf(given: unknown, isReal: IsReal): object | undefined;
export function realOf(given: unknown, isReal: IsReal): object | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  if (isReal(given)) return given;
  const find = fieldOf(given, SELF);
  const found: unknown = typeof find === 'function' ? (find as () => unknown)() : undefined;
  return typeof found === 'object' && found !== null && isReal(found) ? found : undefined;
}

/** The object of the prototype chain that a property comes from. */
function ownerOf(object: object, key: PropertyKey): unknown {
  let owner: object | null = object;
  while (owner !== null && !Object.hasOwn(owner, key)) owner = Object.getPrototypeOf(owner) as object | null;
  return owner;
}
