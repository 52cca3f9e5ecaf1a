/*
 * A regression tree over the sample: groups of queries that differ in how far their neighbours are. An index may hold
 * data of several kinds, such as tight clusters and a cloud without any. A limit made of all of them together gives
 * each kind another recall, so each group gets its own. The tree splits by what a search knows of a query beforehand,
 * and by age, of the posting or of when it was looked for, where the newer part of a group differs from the older; a query has
 * no age, and takes the higher limit.
 * A split needs evidence, so that data of one kind stay one group.
 */

import type { Features, Sample } from './calibration.js';

/** Least members of a group: 32 queries of 10 neighbours give a recall of 0.9 to within three hundredths. */
const LEAST_MEMBERS = 32;

/** Standard errors by which the means of two groups must differ; the best of many possible splits is often 3 by chance. */
const EVIDENCE = 4;

/**
 * Queries that are nearer to a cut than this share of the distance of the nearest centroid belong to both sides. That far
 * a posting of the index may be from where a stranger like it would be: its own centroid is corrected for it, as if it
 * had been there when that was made.
 */
const BAND = 0.03;

/** Levels of splits. */
const MOST_LEVELS = 5;

/** A group of the sample, or a split of one. */
export type Tree = Group | Split;

interface Group {
  /** Places of its members in the sample. */
  readonly members: readonly number[];
}

interface Split {
  readonly by: Feature;
  /** Members up to this value are in `low`. */
  readonly at: number;
  readonly low: Tree;
  readonly high: Tree;
}

type Feature = keyof Features | Age;

/** When its posting was written, and when it was looked for: what is written in between can change all neighbourhoods. */
type Age = 'born' | 'churn';

const FEATURES: readonly Feature[] = ['nearest', 'spread', 'born', 'churn'];

/** Grows the tree by how hard each member of the sample is. Time: O(n log n) for each of at most 5 levels. */
export function growTree(samples: readonly Sample[], hardness: ArrayLike<number>): Tree {
  const all = samples.map((_, i) => i);
  return grown(samples, hardness, all, MOST_LEVELS);
}

/** All groups of a tree. */
export function groupsOf(tree: Tree): Group[] {
  return isGroup(tree) ? [tree] : [...groupsOf(tree.low), ...groupsOf(tree.high)];
}

/** Of the groups that a query may belong to, the one with the greatest value. */
export function groupFor(tree: Tree, features: Features, valueOf: (group: Group) => number): Group {
  if (isGroup(tree)) return tree;
  const { by, at, low, high } = tree;
  if (!isAge(by) && Math.abs(features[by] - at) > BAND * Math.abs(features.nearest))
    return groupFor(features[by] <= at ? low : high, features, valueOf);
  const [one, other] = [groupFor(low, features, valueOf), groupFor(high, features, valueOf)];
  return valueOf(one) >= valueOf(other) ? one : other;
}

function isAge(feature: Feature): feature is Age {
  return feature === 'born' || feature === 'churn';
}

export type { Group };

function isGroup(tree: Tree): tree is Group {
  return 'members' in tree;
}

function grown(
  samples: readonly Sample[],
  hardness: ArrayLike<number>,
  members: readonly number[],
  levels: number,
): Tree {
  if (levels === 0 || members.length < 2 * LEAST_MEMBERS) return { members };
  let best:
    { by: Feature; at: number; sorted: readonly number[]; count: number; evidence: number } | undefined;
  for (const by of FEATURES) {
    const sorted = [...members].sort((a, b) => samples[a][by] - samples[b][by] || a - b);
    const { count, evidence } = bestCut(sorted, (i) => samples[i][by], hardness);
    if (evidence > (best?.evidence ?? EVIDENCE)) {
      const at = (samples[sorted[count - 1]][by] + samples[sorted[count]][by]) / 2;
      best = { by, at, sorted, count, evidence };
    }
  }
  if (best === undefined) return { members };
  const { by, at, sorted, count } = best;
  // In the order of the sample again, so that sums do not depend on the way here.
  const part = (some: readonly number[]): Tree =>
    grown(
      samples,
      hardness,
      [...some].sort((a, b) => a - b),
      levels - 1,
    );
  return { by, at, low: part(sorted.slice(0, count)), high: part(sorted.slice(count)) };
}

/** Where to cut a sorted list so that the means of both parts differ the most, in standard errors of the difference. */
function bestCut(
  sorted: readonly number[],
  valueOf: (member: number) => number,
  hardness: ArrayLike<number>,
): { count: number; evidence: number } {
  const n = sorted.length;
  let sum = 0;
  let squares = 0;
  for (const member of sorted) {
    sum += hardness[member];
    squares += hardness[member] * hardness[member];
  }
  let best = { count: 0, evidence: 0 };
  let below = 0;
  for (let count = 1; count <= n - LEAST_MEMBERS; count++) {
    below += hardness[sorted[count - 1]];
    if (count < LEAST_MEMBERS || !(valueOf(sorted[count - 1]) < valueOf(sorted[count]))) continue;
    const [low, high] = [below / count, (sum - below) / (n - count)];
    const within = Math.max(0, squares - below * low - (sum - below) * high) / (n - 2);
    const error = Math.sqrt(within * (1 / count + 1 / (n - count)));
    // Groups that differ and have no spread at all differ for sure.
    const evidence = low === high ? 0 : Math.abs(low - high) / Math.max(error, 1e-9);
    if (evidence > best.evidence) best = { count, evidence };
  }
  return best;
}
