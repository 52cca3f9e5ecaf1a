// Methods that are often looked for on the wrong class: calling one says what to write instead.
import { InvalidOptionError } from '../errors.js';

/** Adds such methods to a class, each with what to write instead. They are in no type. */
export function elsewhere(
  { prototype }: { readonly prototype: object },
  what: string,
  instead: Readonly<Record<string, string>>,
): void {
  for (const [name, call] of Object.entries(instead)) {
    const value = (): never => {
      throw new InvalidOptionError(name, `${what} has no method ${name}; write ${call}.`);
    };
    Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
  }
}
