// How numbers and versions are written on the page.
import type { Version } from '../history/history.js';

/** A version by the branch that published it and its number there. */
export function labelOf({ branch, index }: Version<object>): string {
  return `${branch}@${index.version}`;
}

/** A count with separators. */
export function count(value: number): string {
  return value.toLocaleString('en');
}

/** A count with the thing counted. */
export function counted(value: number, one: string, more = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : more}`;
}

/** Bytes in the unit that suits them. */
export function bytes(value: number): string {
  if (value < 1000) return `${value} B`;
  if (value < 1e6) return `${(value / 1000).toFixed(1)} kB`;
  return `${(value / 1e6).toFixed(1)} MB`;
}
