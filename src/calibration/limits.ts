/*
 * Derives from the sample of a version how far a search has to go for a recall. On average over the sample the limits give
 * that recall, and in every group at least nearly that. While the index changes, the most recent parts of the sample get it,
 * too. Everything here is a pure function of the sample, and is kept with it.
 */

import { type Calibration, type Features, type Sample, isWaiting } from './calibration.js';
import { costFrom } from './cost.js';
import { LEVELS, eachEntry, isKnown, widthsOf } from './ranks.js';
import { LEAST_MEMBERS, recentParts } from './recent.js';
import { type Group, type Tree, groupFor, groupsOf, growTree } from './tree.js';

/**
 * How far below the recall asked for that of a group may be, before its standard error is added: at most this, and at most this
 * share of what may be missed. With an equal recall for all groups, searches of word vectors scan 3 % more rows.
 */
const MOST_LEEWAY = 0.02;
const LEEWAY = 1 / 5;

/**
 * Standard errors that are added to the recall asked for, because a sample may by chance be easier than real queries. Fewer for
 * a group: its standard error is large, and it gets the limit of all if that is higher.
 */
const ERRORS_OF_ALL = 3;
const ERRORS_OF_GROUP = 1;
const ERRORS_OF_RECENT = 1;

/**
 * Pairs of k and recall. Limits are raised for a recent part if its recall is short of one of these by `EVIDENCE` standard
 * errors. By chance that hardly happens, as the limits for the whole sample aim `ERRORS_OF_ALL` higher.
 */
const TESTED = [
  [10, 0.8],
  [10, 0.95],
  [100, 0.8],
  [100, 0.95],
] as const;
const EVIDENCE = 2;

/** The number of shards that hold a share of the neighbours grows with this power of the number of all shards. */
export const GROWTH = 0.5;

/** Past the highest level, limits rise by this many times the rise between the last two levels. */
const WIDENED = 1.5;

/** Pairs of k and recall for which limits are kept; beyond that all are dropped, and derived again. */
const MOST_KEPT = 64;

/** The limit of a search, and the evidence for it. */
export interface Limit {
  /** Shards that cost more are not scanned; see `costOf`. */
  readonly limit: number;
  /** The share of the true neighbours expected in the shards within it. */
  readonly expected: number;
  /** How many samples that expectation rests on. */
  readonly samples: number;
}

/** Limits by query features, for one number of results and one recall. */
export type LimitOf = (features: Features) => Limit;

/** Limits from the whole sample: of each group, of each member by its group, and the least one for every query. */
interface SampleWide {
  readonly tree: Tree;
  readonly floorOf: (group: Group) => number;
  readonly own: readonly number[];
  readonly common: number;
}

/** The limits that follow from a calibration, with its statistics. */
export interface Limits {
  /** The number of looks in the sample. */
  readonly size: number;
  /** How much farther than the nearest centroid the 32nd nearest one is, on average. */
  readonly gap: number;
  /** The standard error of a recall of 0.95 of the 10 nearest. */
  readonly standardError: number;
  /** Limits for the `k` best at a recall below 1. */
  readonly for: (k: number, recall: number) => LimitOf;
}

const derived = new WeakMap<Calibration, Limits>();

/** Returns the limits of a calibration; derives them on first use. Time: O(sample), some 0.5 ms, once. */
export function limitsOf(calibration: Calibration): Limits {
  let limits = derived.get(calibration);
  if (limits === undefined) derived.set(calibration, (limits = new SampleLimits(calibration)));
  return limits;
}

class SampleLimits implements Limits {
  readonly size: number;
  readonly gap: number;
  readonly #postingCount: number;
  readonly #all: LevelLimits;
  /** Limits from deep looks alone; `undefined` if there are too few. */
  readonly #deep: LevelLimits | undefined;
  readonly #made = new Map<string, LimitOf>();
  /** The last answer, as the next question is mostly the same. */
  #last: { readonly k: number; readonly recall: number; readonly limitOf: LimitOf } | undefined;

  constructor({ samples, shardCount, postingCount }: Calibration) {
    const all = samples.toArray().filter((sample) => !isWaiting(sample));
    const deep = all.filter(({ ranks }) => isKnown(ranks, LEVELS.length - 1));
    this.#postingCount = postingCount;
    this.size = all.length;
    this.gap = all.reduce((sum, { gap }) => sum + gap, 0) / Math.max(1, all.length);
    this.#all = new LevelLimits(all, shardCount, this.gap);
    if (deep.length === all.length) this.#deep = this.#all;
    else if (deep.length >= LEAST_MEMBERS) this.#deep = new LevelLimits(deep, shardCount, this.gap);
  }

  get standardError(): number {
    return this.#all.standardError;
  }

  for(k: number, recall: number): LimitOf {
    if (this.#last?.k === k && this.#last.recall === recall) return this.#last.limitOf;
    const limitOf = memoized(this.#made, `${k} ${recall}`, () => this.#make(k, recall));
    this.#last = { k, recall, limitOf };
    return limitOf;
  }

  #make(k: number, recall: number): LimitOf {
    const wanted = Math.log(k) + shrinkageOf(this.#all.samples, this.#postingCount);
    const logs = LEVELS.map((level) => Math.log(level));
    const last = LEVELS.length - (this.#deep === undefined ? 2 : 1);
    if (wanted <= 0) return this.#at(0, recall);
    if (wanted > logs[last]) {
      const [low, high] = [this.#at(last - 1, recall), this.#at(last, recall)];
      const times = (WIDENED * (wanted - logs[last])) / (logs[last] - logs[last - 1]);
      return (features) => {
        const [a, b] = [low(features), high(features)];
        return { ...b, limit: b.limit + times * Math.max(0, b.limit - a.limit) };
      };
    }
    const upper = logs.findIndex((log) => wanted <= log);
    const share = (wanted - logs[upper - 1]) / (logs[upper] - logs[upper - 1]);
    if (share === 1) return this.#at(upper, recall);
    const [low, high] = [this.#at(upper - 1, recall), this.#at(upper, recall)];
    return (features) => {
      const [a, b] = [low(features), high(features)];
      return {
        ...a,
        limit: a.limit + share * (b.limit - a.limit),
        expected: Math.min(a.expected, b.expected),
      };
    };
  }

  #at(level: number, recall: number): LimitOf {
    const isTop = level === LEVELS.length - 1;
    if (!isTop || this.#deep === undefined || this.#deep === this.#all) return this.#all.at(level, recall);
    const [before, top] = [this.#all.at(level - 1, recall), this.#deep.at(level, recall)];
    return (features) => {
      const [a, b] = [before(features), top(features)];
      // More results never need fewer shards, and few deep looks may not know a rare kind of query.
      return a.limit > b.limit ? { ...b, limit: a.limit } : b;
    };
  }
}

/** Limits from a list of looks, at the levels that all of these know. */
class LevelLimits {
  readonly samples: readonly Sample[];
  readonly #shardCount: number;
  readonly #gap: number;
  readonly #levels: (CostLevel | undefined)[] = LEVELS.map(() => undefined);
  readonly #made = new Map<string, LimitOf>();
  #tree: Tree | undefined;
  #hardPartsFound: readonly (readonly number[])[] | undefined;

  constructor(samples: readonly Sample[], shardCount: number, gap: number) {
    this.samples = samples;
    this.#shardCount = shardCount;
    this.#gap = gap;
  }

  /** The standard error of a recall of 0.95 of the 10 nearest. */
  get standardError(): number {
    const all = this.samples.map((_, i) => i);
    return this.#level(LEVELS.indexOf(10)).standardError(all, 0.95);
  }

  /** Returns limits at one of the levels. */
  at(level: number, recall: number): LimitOf {
    return memoized(this.#made, `${level} ${recall}`, () => this.#make(level, recall));
  }

  #make(level: number, recall: number): LimitOf {
    const costs = this.#level(level);
    const { tree, floorOf, own, common: least } = this.#sampleWide(level, recall);
    const common = this.#hardParts.reduce((most, part) => {
      const aim = raised(recall, ERRORS_OF_RECENT * costs.standardError(part, recall));
      return Math.max(most, costs.limitFor(part, aim, own));
    }, least);
    const limits = new Map<Group, Limit>(
      groupsOf(tree).map((group) => [
        group,
        {
          limit: Math.max(common, floorOf(group)),
          expected: costs.recallAt(group.members, (i) => Math.max(common, own[i])),
          samples: group.members.length,
        },
      ]),
    );
    return (features) => limits.get(groupFor(tree, features, floorOf)) as Limit;
  }

  /**
   * The recent parts of the sample that get less recall than they should by the limits of the whole sample.
   *
   * They do not depend on k and the recall asked for, so limits never fall as the recall rises.
   */
  get #hardParts(): readonly (readonly number[])[] {
    return (this.#hardPartsFound ??= this.#findHardParts());
  }

  #findHardParts(): (readonly number[])[] {
    const parts = recentParts(this.samples);
    if (parts.length === 0) return [];
    const tests = TESTED.map(([k, recall]) => {
      const level = LEVELS.indexOf(k);
      const { own, common } = this.#sampleWide(level, recall);
      const found = this.#level(level).found((i) => Math.max(common, own[i]));
      return { recall, found };
    });
    return parts.filter((part) =>
      tests.some(({ recall, found }) => {
        const { mean, error } = meanOf(part, found);
        return mean < recall - EVIDENCE * error;
      }),
    );
  }

  /** Makes the limits of the groups, and the common one that makes up for what those lack on average. */
  #sampleWide(level: number, recall: number): SampleWide {
    const costs = this.#level(level);
    const { samples } = this;
    this.#tree ??= growTree(samples, this.#level(LEVELS.indexOf(10)).hardest());
    const tree = this.#tree;
    const all = samples.map((_, i) => i);
    const leeway = Math.min(MOST_LEEWAY, LEEWAY * (1 - recall));
    const floors = new Map<Group, number>(
      groupsOf(tree).map((group) => {
        const aim = raised(recall, ERRORS_OF_GROUP * costs.standardError(group.members, recall)) - leeway;
        return [group, costs.limitFor(group.members, aim)];
      }),
    );
    const floorOf = (group: Group): number => floors.get(group) ?? 0;
    const own = samples.map((sample) => floorOf(groupFor(tree, sample, floorOf)));
    const aim = raised(recall, ERRORS_OF_ALL * costs.standardError(all, recall));
    return { tree, floorOf, own, common: costs.limitFor(all, aim, own) };
  }

  #level(level: number): CostLevel {
    return (this.#levels[level] ??= new CostLevel(this.samples, this.#shardCount, this.#gap, level));
  }
}

/** Returns the limits kept under a key; makes them first if there are none. Drops all others if these are too many. */
function memoized(made: Map<string, LimitOf>, key: string, make: () => LimitOf): LimitOf {
  let limitOf = made.get(key);
  if (limitOf !== undefined) return limitOf;
  limitOf = make();
  if (made.size >= MOST_KEPT) made.clear();
  made.set(key, limitOf);
  return limitOf;
}

/** Raises a recall, but by no more than half of what is missing to 1. */
function raised(recall: number, by: number): number {
  return Math.min((1 + recall) / 2, recall + by);
}

/** How much to add to log k: if postings were removed since the looks, k of those left reach as far as more did then. */
function shrinkageOf(samples: readonly Sample[], postingCount: number): number {
  const sum = samples.reduce((all, then) => all + Math.max(0, Math.log(then.postingCount / postingCount)), 0);
  return sum / Math.max(1, samples.length);
}

/** Returns the mean of some members' values, and its standard error. */
function meanOf(members: readonly number[], values: ArrayLike<number>): { mean: number; error: number } {
  let [sum, squares] = [0, 0];
  for (const member of members) {
    sum += values[member];
    squares += values[member] ** 2;
  }
  const mean = sum / members.length;
  return { mean, error: Math.sqrt(Math.max(0, squares / members.length - mean ** 2) / members.length) };
}

/** The costs of the shards that hold the neighbours of each member of a sample, ascending, at one level. */
class CostLevel {
  readonly #costs: Float64Array;
  /** The share of the neighbours that is found up to each entry. */
  readonly #found: Float64Array;
  readonly #width: number;

  constructor(samples: readonly Sample[], shardCount: number, gap: number, level: number) {
    const widths = widthsOf(level);
    this.#width = widths.length;
    this.#found = new Float64Array(widths.length + 1);
    widths.forEach((width, i) => (this.#found[i + 1] = this.#found[i] + width));
    this.#found[widths.length] = 1;
    this.#costs = new Float64Array(samples.length * widths.length);
    samples.forEach((sample, s) => {
      this.#read(sample, s * widths.length, level, gap, shardCount);
    });
  }

  #read(sample: Sample, at: number, level: number, gap: number, shardCount: number): void {
    const more = GROWTH * Math.max(0, Math.log(shardCount / sample.shardCount));
    const unit = sample.gap > 0 ? sample.gap : 1;
    eachEntry(sample.ranks, level, (logRank, beyond, i) => {
      // The nearest shard is scanned in any case.
      const grown = logRank === 0 ? 0 : logRank + more;
      this.#costs[at + i] = costFrom(grown, beyond * unit, gap);
    });
  }

  /** Returns the greatest cost of each member. */
  hardest(): Float64Array {
    const width = this.#width;
    return Float64Array.from(
      { length: this.#costs.length / width },
      (_, i) => this.#costs[(i + 1) * width - 1],
    );
  }

  /** Returns the mean recall of some members, each at its own limit. */
  recallAt(members: readonly number[], limitOf: (member: number) => number): number {
    let sum = 0;
    for (const member of members) sum += this.#foundBy(member, limitOf(member));
    return members.length === 0 ? 0 : sum / members.length;
  }

  /** Returns the recall of each member at its own limit. */
  found(limitOf: (member: number) => number): Float64Array {
    const count = this.#costs.length / this.#width;
    return Float64Array.from({ length: count }, (_, member) => this.#foundBy(member, limitOf(member)));
  }

  /** Finds the least limit, to the width of a bin, that gives members a mean recall. Each has its own floor besides. */
  limitFor(members: readonly number[], recall: number, floors?: readonly number[]): number {
    const [costs, width, found] = [this.#costs, this.#width, this.#found];
    let most = 0;
    for (const member of members) most = Math.max(most, costs[(member + 1) * width - 1]);
    if (most === 0) return 0;
    const shares = new Float64Array(BINS + 1);
    for (const member of members) {
      const floor = floors === undefined ? 0 : floors[member];
      for (let i = 0, at = member * width; i < width; i++, at++)
        shares[costs[at] <= floor ? 0 : Math.ceil((costs[at] / most) * BINS)] += found[i + 1] - found[i];
    }
    const wanted = (recall - 1e-9) * members.length;
    let sum = 0;
    for (let bin = 0; bin <= BINS; bin++) {
      sum += shares[bin];
      if (sum >= wanted) return (bin / BINS) * most;
    }
    return most;
  }

  /** Returns the standard error of the mean recall of members at the limit that gives it. */
  standardError(members: readonly number[], recall: number): number {
    const limit = this.limitFor(members, recall);
    let squares = 0;
    for (const member of members) squares += (this.#foundBy(member, limit) - recall) ** 2;
    return members.length === 0 ? 0 : Math.sqrt(squares) / members.length;
  }

  /** The share of a member's neighbours that cost no more than a limit. */
  #foundBy(member: number, limit: number): number {
    const first = member * this.#width;
    let [low, high] = [0, this.#width];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#costs[first + middle] <= limit) low = middle + 1;
      else high = middle;
    }
    return this.#found[low];
  }
}

/** Bins for costs, from 0 to the greatest: enough for limits that are exact to a hundredth or two. */
const BINS = 4096;
