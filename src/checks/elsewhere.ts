/** Methods that people look for where they are not: calling one says where it is. */
import { InvalidOptionError } from '../errors.js';

/** Adds such methods to a class, each with what to write instead. They are in no type. */
export function elsewhere(
  { prototype }: { readonly prototype: object },
  what: string,
  places: Readonly<Record<string, string>>,
): void {
  for (const [name, place] of Object.entries(places)) {
    const value = (): never => {
      throw new InvalidOptionError(name, `${what} has no method ${name}; write ${place}.`);
    };
    Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
  }
}
