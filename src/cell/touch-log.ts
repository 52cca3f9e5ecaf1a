/*
 * The write sets of recent commits, for writers that were open at the time: a commit compares its own write set with those
 * since its writer was opened.
 */

import type { WriteSet } from '../write/write-set.js';

/** A position in the log. Holding it keeps everything that was logged after it. */
export interface Moment {
  /** The write set of the next commit, and the position after it. */
  then?: { readonly writeSet: WriteSet; readonly next: Moment };
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

  add(writeSet: WriteSet): void {
    const next: Moment = {};
    this.#now.then = { writeSet, next };
    this.#now = next;
  }
}

/** Lists the write sets since a moment, commit by commit; none without a moment. Time: O(commits). */
export function writeSetsSince(moment: Moment | undefined): readonly WriteSet[] {
  const all: WriteSet[] = [];
  for (let then = moment?.then; then !== undefined; then = then.next.then) all.push(then.writeSet);
  return all;
}
