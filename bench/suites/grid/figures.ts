// What follows from a cell of the grid: ratios at a recall, and whether less recall takes less time.
import { speedAt } from '../../engines/at-recall.js';
import type { Answer, Cell } from './cell.js';

export const RECALLS = [0.9, 0.95, 0.99];
/** Up to this size, an index has to beat comparing with all, too. */
const SMALL = 1000;

/** The fastest peer at a recall, if there is one that finds as much. */
export function rivalAt({ peers }: Cell, recall: number): { name: string; perSecond: number } | undefined {
  return Object.entries(peers)
    .map(([name, points]) => ({ name, perSecond: speedAt(points, recall)?.perSecond ?? 0 }))
    .filter(({ perSecond }) => perSecond > 0)
    .sort((a, b) => b.perSecond - a.perSecond)
    .at(0);
}

/** Searches a second at a recall as it was measured, not as it was asked for; 0 if it is not reached. */
export function speedOf({ answers }: Cell, recall: number): number {
  return speedAt(answers.map(pointOf), recall)?.perSecond ?? 0;
}

/** How many times as fast as the fastest peer at a recall; infinitely, where no peer finds as much. */
export function ratioAt(cell: Cell, recall: number): number {
  return speedOf(cell, recall) / (rivalAt(cell, recall)?.perSecond ?? 0);
}

/** The same against one peer. */
export function ratioTo(cell: Cell, peer: string, recall: number): number {
  return speedOf(cell, recall) / (speedAt(cell.peers[peer], recall)?.perSecond ?? 0);
}

/** How many times as fast as usearch's `exactSearch` at the recall that takes longest; only for small indexes. */
export function ratioToExact(cell: Cell): number | undefined {
  if (cell.size > SMALL) return undefined;
  return Math.min(...RECALLS.map((recall) => speedOf(cell, recall))) / cell.exact.theirs;
}

/** How many times as fast exact search is as usearch's `exactSearch`. */
export function exactRatio({ exact: { ours, theirs } }: Cell): number {
  return ours / theirs;
}

/** The most that asking for less takes, in times of what asking for more takes; up to 1 is as it should be. */
export function mostForLess({ answers }: Cell): number {
  const ratios = answers.flatMap((less) =>
    answers.filter(({ asked }) => asked > less.asked).map((more) => more.perSecond / less.perSecond),
  );
  return Math.max(1, ...ratios);
}

/** The answers to {@link RECALLS}. */
export function answersOf({ answers }: Cell): Answer[] {
  return RECALLS.flatMap((recall) => answers.find(({ asked }) => asked === recall) ?? []);
}

function pointOf({ asked, recall, perSecond }: Answer) {
  return { knob: 'recall', value: asked, recall, perSecond };
}
