/*
 * Parameters of a call, out of an address or a JSON body: read by type, or refused.
 */

import { show } from '../../checks/show.js';
import { Refusal } from '../refusal.js';

/** The parameters of one call. Those that are not given, or empty, are `undefined`. @throws {@link Refusal} for others. */
export class Given {
  readonly #given: Readonly<Record<string, unknown>>;

  constructor(given: Readonly<Record<string, unknown>>) {
    this.#given = given;
  }

  text(name: string): string | undefined {
    const value = this.#of(name);
    return value === undefined || typeof value === 'string' ? value : refuse(name, 'a text', value);
  }

  number(name: string): number | undefined {
    const value = this.#of(name);
    const number = typeof value === 'string' ? Number(value) : value;
    if (number === undefined || (typeof number === 'number' && Number.isFinite(number))) return number;
    return refuse(name, 'a number', value);
  }

  whole(name: string, least: number, most: number = Number.MAX_SAFE_INTEGER): number | undefined {
    const number = this.number(name);
    if (number === undefined || (Number.isInteger(number) && number >= least && number <= most))
      return number;
    return refuse(name, `a whole number from ${least} to ${most}`, number);
  }

  /** Whole numbers with commas in between. */
  wholes(name: string, most: number): readonly number[] {
    const parts = this.text(name)?.split(',') ?? [];
    const numbers = parts.map(Number);
    if (numbers.length <= most && numbers.every((number) => Number.isSafeInteger(number) && number >= 0))
      return numbers;
    return refuse(name, `up to ${most} whole numbers with commas in between`, this.#given[name]);
  }

  vector(name: string): readonly number[] | undefined {
    const value = this.#of(name);
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((component) => typeof component === 'number')) return value;
    return refuse(name, 'an array of numbers', value);
  }

  object(name: string): object | undefined {
    const value = this.#of(name);
    if (value === undefined || (typeof value === 'object' && !Array.isArray(value)))
      return value ?? undefined;
    return refuse(name, 'an object', value);
  }

  #of(name: string): unknown {
    const value = Object.hasOwn(this.#given, name) ? this.#given[name] : undefined;
    return value === '' || value === null ? undefined : value;
  }
}

function refuse(name: string, must: string, value: unknown): never {
  throw new Refusal(400, 'INVALID_PARAMETER', `${name} must be ${must}, not ${show(value)}.`);
}
