/*
 * A regression tree over the sample: groups of queries that differ in how far their neighbours are. An index may hold data of
 * several kinds, such as tight clusters and a cloud without any. One limit would give each kind another recall, so each
 * group gets its own. The tree splits by features that a search knows of a query, and by age: that of the posting or of
 * its look. A query has no age, and takes the higher limit. A split needs evidence, so that data of one kind stay one group.
 */

import type { Features, Sample } from './calibration.js';

/** The least members of a group: 32 queries of 10 neighbours give a recall of 0.9 to within three hundredths. */
const LEAST_MEMBERS = 32;

/** Standard errors by which the means of two groups must differ; the best of many possible splits is often 3 by chance. */
const EVIDENCE = 4;

/**
 * A query belongs to both sides of a cut if it is nearer to it than this share of the distance of the nearest centroid. The
 * features of a sample may be off by that much: its look takes the posting out of the mean that its own centroid is, even
 * if it was written after that centroid was made.
 */
const BAND = 0.03;

/** The most levels of splits. */
const MOST_LEVELS = 5;

/** A group of the sample, or a split of one. */
export type Tree = Group | Split;

interface Group {
  /** Indexes of its members in the sample. */
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

/** When the posting was written, and when it was looked for: writes in between can change all neighbourhoods. */
type Age = 'born' | 'churn';

const FEATURES: readonly Feature[] = ['nearest', 'spread', 'born', 'churn'];

/** Grows a tree by how hard each sample is to find. Time: O(n log n) for each of at most 5 levels. */
export function growTree(samples: readonly Sample[], hardness: ArrayLike<number>): Tree {
  const all = samples.map((_, i) => i);
  return grown(samples, hardness, all, MOST_LEVELS);
}

/** Lists the groups of a tree. */
export function groupsOf(tree: Tree): Group[] {
  return isGroup(tree) ? [tree] : [...groupsOf(tree.low), ...groupsOf(tree.high)];
}

/** Returns the group with the greatest value among those that a query may belong to. */
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
  // In the order of the sample again, so that sums do not depend on earlier splits.
  const part = (some: readonly number[]): Tree =>
    grown(
      samples,
      hardness,
      [...some].sort((a, b) => a - b),
      levels - 1,
    );
  return { by, at, low: part(sorted.slice(0, count)), high: part(sorted.slice(count)) };
}

/** Finds the cut of a sorted list at which the means of both parts differ most, in standard errors of the difference. */
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
