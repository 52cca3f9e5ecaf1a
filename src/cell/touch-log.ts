/*
 * The postings that recent commits touched, for writers that were open at the time: a commit compares its own touches
 * with those since its writer was opened.
 */

import type { Touched } from '../write/touched.js';

/** A position in the log. Holding it keeps everything that was logged after it. */
export interface Moment {
  /** The touches of the next commit, and the position after it. */
  then?: { readonly touched: Touched; readonly next: Moment };
}

/**
 * Write sets of a cell's commits, also of those that changed nothing.
 *
 * It is a linked list of which only the end is held: entries that no open writer can ask for are collected (I8).
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

/** Lists the touches since a moment, commit by commit; none without a moment. Time: O(commits). */
export function touchedSince(moment: Moment | undefined): readonly Touched[] {
  const all: Touched[] = [];
  for (let then = moment?.then; then !== undefined; then = then.next.then) all.push(then.touched);
  return all;
}
