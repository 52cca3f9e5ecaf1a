/*
 * Values of options: numbers, JSON, vectors; what they are not is said at once.
 */

import { InvalidArgumentError } from 'commander';

/** A whole number of at least `least`. */
export function whole(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`);
  };
}

/** A JSON value. */
export function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError('It must be JSON.');
  }
}

/** A vector: a JSON array of numbers. */
export function vector(text: string): readonly number[] {
  const value = json(text);
  if (Array.isArray(value) && value.every((component) => typeof component === 'number')) return value;
  throw new InvalidArgumentError('It must be a JSON array of numbers, as [0.1,0.2].');
}

/** A list with commas in between. */
export function list(text: string): readonly string[] {
  return text.split(',').map((part) => part.trim());
}

/** What is said of a commit; options without a value are left out. */
export function said({ author, message }: { readonly author?: string; readonly message?: string }): {
  readonly author?: string;
  readonly message?: string;
} {
  return { ...(author !== undefined && { author }), ...(message !== undefined && { message }) };
}
