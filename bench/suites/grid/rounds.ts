// Takes the time of several engines by turns, in time of the processor.
import type { Built, Found, Setting } from '../../engines/engine.js';

/** An engine at a setting, and what it is to look for. */
export interface Contender {
  readonly built: Built;
  readonly setting: Setting;
  readonly queries: readonly Float32Array[];
}

const ROUNDS = 5;
/** Queries are repeated until they have taken this many µs: a short while is measured badly. */
const LEAST = 4000;
/** Who has taken more µs than this has no further round. */
const MOST = 5e5;

/**
 * Measures contenders by turns, so that other work on the machine hits all alike, and takes the fastest of some rounds:
 * seconds that a search takes of the processor, on all threads of the process.
 */
export function secondsEach(contenders: readonly Contender[], k: number): number[] {
  const fastest = contenders.map(() => Infinity);
  const taken = contenders.map(() => 0);
  for (let round = 0; round < ROUNDS; round++) {
    // There and back, so that none always follows the same one.
    const turns = contenders.map((one, c) => ({ ...one, c }));
    for (const { c, built, setting, queries } of round % 2 === 0 ? turns : turns.reverse()) {
      if (taken[c] > MOST) continue;
      // Made again each time: what an engine is set to may be one thing for all of its searchers.
      const searcher = built.searcher(queries, k, setting);
      let spent = 0;
      let searches = 0;
      for (const startedAt = microseconds(); spent < LEAST; spent = microseconds() - startedAt) {
        for (let query = 0; query < queries.length; query++) void searcher.one(query);
        searches += queries.length;
      }
      taken[c] += spent;
      fastest[c] = Math.min(fastest[c], spent / searches);
    }
  }
  return fastest.map((each) => each / 1e6);
}

/** What the first queries find: all, or as many as some µs of the processor suffice for, but `least`. */
export function foundBy(
  { built, setting, queries }: Contender,
  k: number,
  least: number,
  most: number,
): Found[] {
  const searcher = built.searcher(queries, k, setting);
  const all: Found[] = [];
  const startedAt = microseconds();
  for (let query = 0; query < queries.length; query++) {
    if (query >= least && microseconds() - startedAt > most) break;
    const found = searcher.one(query);
    if (found instanceof Promise) throw new Error('Only what answers at once is measured by turns.');
    all.push(found);
  }
  return all;
}

/** What the process has taken of the processor so far. */
export function microseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
