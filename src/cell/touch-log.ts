import type { Touched } from '../write/touched.js';

/** A moment in the life of a cell, from which on it is known what commits touched. Who keeps it keeps that. */
export interface Moment {
  /** What the next commit touched, and the moment after it. */
  then?: { readonly touched: Touched; readonly next: Moment };
}

/**
 * What the commits of a cell touched, also those that changed nothing. A list that is held at its end alone: what no open
 * writer may ask for any more is collected (I8).
 */
export class TouchLog {
  #now: Moment = {};

  get now(): Moment {
    return this.#now;
  }

  add(touched: Touched): void {
    const next: Moment = {};
    this.#now.then = { touched, next };
    this.#now = next;
  }
}

/** What was touched since a moment, commit by commit; nothing since none. Time: O(commits). */
export function touchedSince(moment: Moment | undefined): readonly Touched[] {
  const all: Touched[] = [];
  for (let then = moment?.then; then !== undefined; then = then.next.then) all.push(then.touched);
  return all;
}
