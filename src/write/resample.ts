// Renews the calibration's sample after a commit: what comes into it, what leaves it, and what is looked for again.
import { List } from 'immutable';
import {
  type Calibration,
  type Sample,
  countedOn,
  deepShare,
  isNearlyCalibrated,
  isWaiting,
  sampleSizeFor,
  waitFor,
  waitingSample,
} from '../calibration/calibration.js';
import { isOutdated } from '../calibration/outdated.js';
import type { PostingKey } from '../errors.js';
import { seededRandom } from '../geometry/random.js';
import { adoptCodes, lenderFor } from '../search/memory/engine.js';
import { DEEP, type LiveRow, Looker, SHALLOW, type UnfinishedVersion } from '../search/look.js';
import { aheadBudget, aheadOf, beginAhead, encodeAhead, isShort } from '../search/look-ahead.js';
import type { Steps } from '../collections/steps.js';
import { keyOfRow, keyText } from '../version/posting.js';
import { hashOfRow } from '../version/row-block.js';
import type { Shard, ShardId } from '../version/shard.js';
import { eachLive } from '../version/shard-rows.js';
import { rehearseLook } from './rehearse-look.js';
import { rowsOf } from './rows-of.js';
import { viewOf } from './sample-view.js';
import type { Written } from './written.js';

/*
 * Each posting that is written comes into the sample with the same chance, in place of a random one, so that the sample stays
 * an even one of what was written; what is removed leaves it. As many again are looked for anew, since writes elsewhere can
 * change a neighbourhood too: by dot product a few long vectors are near everything. Some 1,400 postings are looked for while
 * a large index doubles, 2,000 while it is replaced: a part in every commit, in proportion to what it changes. While the most
 * recent samples are harder to find than the rest, the rest is outdated, and twice as many are looked for.
 */

/** How often the whole sample is looked for while as much changes as the index holds. Half of these looks are for new postings. */
const RATE = 2;

/** Looks after which to check whether recent samples are harder to find than the others. If so, as many more are made. */
const LOOKS_PER_CHECK = 4;

/** Most looks of a commit for each posting that it writes or removes. At most half as many are due on average. */
const LOOKS_PER_CHANGE = 1;

/** How many times as long a posting waits while pairs are owed: such commits already pay for these and for new codes. */
const WAITS_WHILE_OWING = 2;

/** Postings that a commit adds at least while the sample is not full. */
const LEAST_FILLED = 2;

/** Up to this many, samples are selected, and postings sought in the sample, one after another. */
const FEW = 8;

/** Most postings that may wait at a time if the sample is to be filled further. */
const MOST_WAITING = 32;

/** Attempts to draw a posting; in a sparse index all may fail. */
const MOST_DRAWS = 256;

/** A version in the making, and what has changed since the one before. */
export interface ResampledVersion extends UnfinishedVersion {
  readonly shardsOfDocument: (documentId: string) => readonly ShardId[];
  readonly written: Written;
  /** How many postings were written or removed: by so much `churn` has grown. */
  readonly changed: number;
  /** The documents that have lost a posting, or had one moved. */
  readonly doubtful: ReadonlySet<string>;
  /** Whether splits took more than the budget, so that looks are left to later commits. */
  readonly isBusy: boolean;
  /** Whether pairs of shards are owed. */
  readonly isOwing: boolean;
  readonly nextShardId: ShardId;
}

/** A posting to look for, and the index in the sample that it takes. Without one it is added, or replaces a random one. */
interface Wanted {
  readonly row: LiveRow;
  readonly born: number;
  readonly at?: number;
  /** The sample that waited for this look, if one did. */
  readonly waited?: Sample;
}

/** Makes the calibration of a version from that of the one before; `undefined` if the index is too small for one. */
export function* resampled(
  before: Calibration | undefined,
  index: ResampledVersion,
): Steps<Calibration | undefined> {
  const size = sampleSizeFor(index.postingCount);
  if (size === 0) {
    const isSoon = isNearlyCalibrated(index.postingCount) && !isBatch(index);
    if (isSoon && encodeAhead(index, aheadBudget(index.config, 1)) > 0)
      yield* rehearseLook(
        index,
        index.written.drawn(1).map(({ key }) => key),
      );
    return undefined;
  }
  // The next looks need the codes, and most commits make no look.
  if (before !== undefined) adoptCodes(index.config);
  const next = yield* renewed(before, index, size);
  if (!index.isBusy) yield* lookAhead(next.samples, index);
  return next;
}

function* renewed(
  before: Calibration | undefined,
  index: ResampledVersion,
  size: number,
): Steps<Calibration> {
  const { postingCount, churn, centroids, config } = index;
  const random = seededRandom(config.seed ^ Math.imul(churn, 0x9e3779b1) ^ (before?.taken ?? 0));
  const kept = trimmed(yield* surviving(before?.samples ?? List(), index), size, random);
  // A commit that changes as much as a look waits for makes all looks at once.
  const wait = waitFor(postingCount);
  const atOnce = index.changed >= wait;
  const { all, waiting } = viewOf(kept, config);

  const wanted: Wanted[] = [];
  const lots = evenly(index.written.drawn(size / postingCount), size);
  const written = yield* rowsOf(
    index,
    lots.map(({ key }) => key),
  );
  for (const { key, born } of lots) {
    const row = written.get(textOf(key));
    if (row !== undefined) wanted.push({ row, born });
  }
  const settled = before?.settled ?? churn - index.changed;
  const changesPerLook = postingCount / (RATE * size);
  const due = Math.max(0, Math.floor((churn - settled) / changesPerLook));
  const missing = Math.max(0, size - kept.size - wanted.length);
  const mayFill = atOnce || waiting.length < MOST_WAITING;
  const filling = mayFill ? Math.min(missing, Math.max(LEAST_FILLED, due)) : 0;
  const renewals = Math.min(Math.max(0, due - wanted.length - filling), kept.size);
  const extra = before === undefined ? 0 : extraLooks(before, due);
  const old = oldest(all, renewals + extra).map((at) => ({ at, sample: all[at] }));
  const ripe = waiting
    .map((at) => ({ at, sample: all[at] }))
    .filter(({ sample }) => atOnce || churn - sample.churn >= (index.isOwing ? WAITS_WHILE_OWING : 1) * wait)
    .slice(0, atOnce ? size : index.isBusy ? 0 : LOOKS_PER_CHANGE * index.changed);
  const rows = yield* rowsOf(
    index,
    [...old, ...ripe].map(({ sample }) => sample),
  );
  for (const { at, sample } of old) {
    const row = rows.get(textOf(sample));
    if (row !== undefined) wanted.push({ row, born: sample.born, at });
  }
  const spent = Math.max(0, wanted.length - extra);
  if (filling > 0) {
    const isKnown = knownIn(all, wanted, filling);
    for (let left = filling; left > 0; left--) {
      const row = drawn(index, random, isKnown);
      if (row !== undefined) wanted.push({ row, born: 0 });
      yield;
    }
  }
  const looksDue = ripe.flatMap(({ at, sample }): Wanted[] => {
    const row = rows.get(textOf(sample));
    return row === undefined ? [] : [{ row, born: sample.born, at, waited: sample }];
  });
  if (before !== undefined && wanted.length + looksDue.length === 0 && kept.size === before.samples.size)
    return before;

  const looks = atOnce ? [...looksDue, ...wanted] : looksDue;
  const taken = yield* makeLooks(looks, index, before?.taken ?? 0);
  const samples = kept.asMutable();
  put(samples, looks, taken, size, random);
  if (!atOnce) {
    const later = wanted.map(({ row: { columns, row }, born }) =>
      waitingSample(keyOfRow(columns, row), { hash: hashOfRow(columns, row), born, postingCount, churn }),
    );
    later.forEach((sample, i) => beginAhead(sample, config, wanted[i].row.columns, wanted[i].row.row));
    put(samples, wanted, later, size, random);
  }
  return Object.freeze({
    samples: samples.asImmutable(),
    taken: countedOn(before?.taken ?? 0, taken.length),
    settled: countedOn(settled, changesPerLook * Math.max(spent, due)),
    postingCount,
    shardCount: centroids.size,
  });
}

/** Puts samples at their indexes. One without an index is added or, if the sample is full, replaces a random one. */
function put(
  samples: List<Sample>,
  wanted: readonly Wanted[],
  made: readonly Sample[],
  size: number,
  random: () => number,
): void {
  if (wanted.length === 0) return;
  const before = samples.size;
  let free: number[] | undefined;
  wanted.forEach(({ at }, i) => {
    if (at !== undefined) samples.set(at, made[i]);
    else if (samples.size < size) samples.push(made[i]);
    else {
      free ??= Array.from({ length: before }, (_, nth) => nth);
      samples.set(free.splice(Math.floor(random() * free.length), 1)[0], made[i]);
    }
  });
}

/** Whether a commit changes so much that it makes all looks at once. Then codes are not kept: it may never be searched. */
function isBatch({ changed, postingCount }: ResampledVersion): boolean {
  return changed >= waitFor(postingCount);
}

/** Does part of the work of waiting looks ahead, those first that come first. */
function* lookAhead(samples: List<Sample>, index: ResampledVersion): Steps<void> {
  const whole = aheadBudget(index.config, Math.max(1, index.written.count));
  let budget = isBatch(index) ? whole : encodeAhead(index, whole);
  if (budget === 0 || isShort(index)) return;
  const { all, waiting: positions } = viewOf(samples, index.config);
  const waiting = positions.map((at) => all[at]);
  const unknown = waiting.filter((sample) => aheadOf(sample) === undefined);
  const rows = unknown.length === 0 ? undefined : yield* rowsOf(index, unknown);
  for (const sample of unknown) {
    const found = rows?.get(textOf(sample));
    if (found !== undefined) beginAhead(sample, index.config, found.columns, found.row);
  }
  yield* rehearseLook(index, waiting);
  for (const sample of waiting) {
    yield;
    budget = aheadOf(sample)?.goOn(index, budget) ?? budget;
    if (budget === 0) return;
  }
}

/** Removes random samples until no more than `most` are left. */
function trimmed(samples: List<Sample>, most: number, random: () => number): List<Sample> {
  if (samples.size <= most) return samples;
  return samples.withMutations((list) => {
    while (list.size > most) remove(list, Math.floor(random() * list.size));
  });
}

/** Returns how many looks to make beyond those due: some if the sample is outdated, else none. */
function extraLooks(before: Calibration, due: number): number {
  const { taken } = before;
  const checks = Math.floor((taken + due) / LOOKS_PER_CHECK) - Math.floor(taken / LOOKS_PER_CHECK);
  return checks > 0 && isOutdated(before) ? checks * LOOKS_PER_CHECK : 0;
}

/** Makes looks, the first of which is number `first`. Its number decides, pseudo-randomly, whether a look is deep. */
function* makeLooks(wanted: readonly Wanted[], index: ResampledVersion, first: number): Steps<Sample[]> {
  const { postingCount, config } = index;
  const share = deepShare(sampleSizeFor(postingCount));
  const isDeep = (nth: number): boolean =>
    seededRandom(config.seed ^ Math.imul(nth + 1, 0x85ebca6b))() < share;
  const looker = new Looker(index, lenderFor(index.config, wanted.length), wanted.length);
  const taken: Sample[] = [];
  for (const { row, born, waited } of wanted) {
    const depth = isDeep(first + taken.length) ? DEEP : SHALLOW;
    taken.push(looker.look(row, born, depth, waited && aheadOf(waited)));
    yield;
  }
  return taken;
}

/** Returns the samples whose postings have not changed. */
function* surviving(samples: List<Sample>, index: ResampledVersion): Steps<List<Sample>> {
  const { doubtful } = index;
  if (doubtful.size === 0) return samples;
  const { all } = viewOf(samples, index.config);
  const doubted = all.filter(({ documentId }) => doubtful.has(documentId));
  if (doubted.length === 0) return samples;
  const rows = yield* rowsOf(index, doubted);
  return samples.withMutations((list) => {
    for (let at = all.length - 1; at >= 0; at--) {
      const sample = all[at];
      if (!doubtful.has(sample.documentId)) continue;
      const row = rows.get(textOf(sample));
      if (row === undefined || hashOfRow(row.columns, row.row) !== sample.hash) remove(list, at);
    }
  });
}

/** Removes a sample; the last one takes its place. */
function remove(samples: List<Sample>, at: number): void {
  const last = samples.last() as Sample;
  samples.set(at, last).pop();
}

/** Returns the indexes of up to `count` samples that were looked for the longest ago. Time: O(n · count) or O(n log n). */
function oldest(all: readonly Sample[], count: number): number[] {
  if (count === 0) return [];
  const positions: number[] = [];
  for (let at = 0; at < all.length; at++) if (!isWaiting(all[at])) positions.push(at);
  if (count > FEW) positions.sort((a, b) => all[a].churn - all[b].churn || a - b);
  else {
    // Selects one after another: sorting all would take several times as long.
    for (let done = 0; done < Math.min(count, positions.length); done++) {
      let first = done;
      for (let i = done + 1; i < positions.length; i++) {
        const [a, b] = [all[positions[i]].churn, all[positions[first]].churn];
        if (a < b || (a === b && positions[i] < positions[first])) first = i;
      }
      [positions[done], positions[first]] = [positions[first], positions[done]];
    }
  }
  return positions.slice(0, count);
}

/** Returns at most `most` of some values, at even distances. */
function evenly<T>(values: readonly T[], most: number): readonly T[] {
  if (values.length <= most) return values;
  return Array.from({ length: most }, (_, i) => values[Math.floor(((i + 0.5) * values.length) / most)]);
}

function textOf({ documentId, start, length }: PostingKey): string {
  return keyText(documentId, start, length);
}

/**
 * Returns a test of whether a posting is in the sample or wanted. For few postings it compares them all, which takes less
 * than making a set.
 */
function knownIn(
  samples: readonly Sample[],
  wanted: readonly Wanted[],
  asked: number,
): (key: PostingKey) => boolean {
  if (asked <= FEW) {
    const isSame =
      (key: PostingKey) =>
      (other: PostingKey): boolean =>
        other.start === key.start && other.length === key.length && other.documentId === key.documentId;
    return (key) => {
      const is = isSame(key);
      return samples.some(is) || wanted.some(({ row }) => is(keyOfRow(row.columns, row.row)));
    };
  }
  const known = new Set(samples.map(textOf));
  let taken = 0;
  return (key) => {
    for (; taken < wanted.length; taken++)
      known.add(textOf(keyOfRow(wanted[taken].row.columns, wanted[taken].row.row)));
    return known.has(textOf(key));
  };
}

/** Draws a posting that is not known, each with the same chance; `undefined` if all attempts fail. */
function drawn(
  { shards, centroids: { chunks }, config }: ResampledVersion,
  random: () => number,
  isKnown: (key: PostingKey) => boolean,
): LiveRow | undefined {
  const widest = chunks.reduce((most, { ids }) => Math.max(most, ids.length), 0);
  for (let draw = 0; draw < MOST_DRAWS; draw++) {
    const { ids } = chunks[Math.floor(random() * chunks.length)];
    const at = Math.floor(random() * widest);
    const nth = Math.floor(random() * config.shardCapacity);
    if (at >= ids.length) continue;
    const home = shards.get(ids[at]) as Shard;
    if (nth >= home.rows.liveCount) continue;
    let left = nth;
    let found: LiveRow | undefined;
    eachLive(home.rows, (columns, row) => {
      if (left-- > 0) return false;
      found = { home, columns, row };
      return true;
    });
    if (found === undefined) continue;
    const { columns, row } = found;
    if (!isKnown(keyOfRow(columns, row))) return found;
  }
  return undefined;
}
