// The options of an adapter's calls.
import { InvalidOptionError } from '../index.js';

/**
 * Refuses options of other names: a misspelt one must not be ignored.
 *
 * @throws {@link InvalidOptionError}
 */
export function assertOptions(given: object, known: readonly string[]): void {
  const stranger = Object.keys(given).find((name) => !known.includes(name));
  if (stranger === undefined) return;
  throw new InvalidOptionError(
    stranger,
    `Unknown option '${stranger}'; the options are ${known.join(', ')}.`,
  );
}
