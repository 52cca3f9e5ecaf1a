/*
 * What a search by recall goes by: a sample of the index's own postings, each looked for as if it were not there, with
 * the ranks of the shards that its true neighbours are in. The sample is part of the version. Every commit renews as
 * much of it as it changes of the index, so that it follows what the index holds and equal versions have equal samples
 * (I10). How far to search for a recall is derived from it; see `limits.ts`.
 */

import type { List } from 'immutable';
import type { PostingKey } from '../errors.js';
import { NO_RANKS } from './ranks.js';

/** What a search knows of a query before it scans a row. */
export interface Features {
  /** Distance of the nearest centroid. */
  readonly nearest: number;
  /** How much farther than that the fourth nearest one is. */
  readonly spread: number;
}

/** One posting of the sample, and what looking for it came to. */
export interface Sample extends PostingKey, Features {
  /** A hash of its vector: a posting that was replaced under the same key is another one. */
  readonly hash: number;
  /** Its place in the order of writing, as far as that is known: 0 for what was there before any. */
  readonly born: number;
  /** Live postings, and shards, when it was looked for; no shards as long as it is not. */
  readonly postingCount: number;
  readonly shardCount: number;
  /** `ShardexIndex.churn` at that time, or where it is still to be looked for, when that was decided. */
  readonly churn: number;
  /** How much farther than the nearest centroid the 32nd nearest one is. */
  readonly gap: number;
  /** Where its neighbours are, packed by `packRanks`; distances are in units of its gap. */
  readonly ranks: string;
}

/** The sample of a version. Frozen. */
export interface Calibration {
  /** In no particular order, so that a change of one shares the others with the version before. */
  readonly samples: List<Sample>;
  /** How many were looked for in all, up to this version. */
  readonly taken: number;
  /** Up to which `ShardexIndex.churn` changes have been made up for. */
  readonly settled: number;
  /** Live postings, and shards, when the sample last changed. */
  readonly postingCount: number;
  readonly shardCount: number;
}

/** A version's calibration, and how much of the index has changed in all. */
export interface Calibrated {
  /** None while the index is small. */
  readonly calibration: Calibration | undefined;
  /** `ShardexIndex.churn`. */
  readonly churn: number;
}

/** Nothing is counted as high, but from a number that somebody has made up; there counting stops, while it is still exact. */
export const MOST_COUNTED = 2 ** 48;

/** The sum of two counts. */
export function countedOn(count: number, more: number): number {
  return Math.min(MOST_COUNTED, Math.round(count + more));
}

/** Below this many postings every search scans all shards, of which there are hardly more than two by default. */
export const LEAST_CALIBRATED = 1024;

/**
 * Postings in a full sample. The standard error of a recall of 0.95 of 10 neighbours is then some 0.005, and a kind of
 * data that makes up a tenth of the index has 100 of them.
 */
const FULL_SAMPLE = 1024;

/** Postings for each one of the sample of a small index, where all of it would take as long as building the index. */
const SMALL_SHARE = 8;

/** How many postings the sample of an index of this many has; 0 where none is kept. */
export function sampleSizeFor(postingCount: number): number {
  if (postingCount < LEAST_CALIBRATED) return 0;
  return Math.min(FULL_SAMPLE, Math.floor(postingCount / SMALL_SHARE));
}

/** Whether an index of this many will soon have a sample, so that what looks need may be made already. */
export function isNearlyCalibrated(postingCount: number): boolean {
  return postingCount >= (LEAST_CALIBRATED * 7) / 8;
}

/** The greatest chance of being in the sample that a posting of an index of this many, or of more, can have. */
export function greatestChance(postingCount: number): number {
  return Math.min(1 / SMALL_SHARE, FULL_SAMPLE / postingCount);
}

/** Whether a sample says enough to search by, of which so many were looked for. */
export function isUsable(sampleSize: number, postingCount: number): boolean {
  return postingCount >= LEAST_CALIBRATED && sampleSize >= sampleSizeFor(postingCount) / 2;
}

/**
 * The share of an index that is written or removed between the decision to look for a posting and the look: so that what
 * the look takes can be spread over the commits in between. At any time some hundredth of a sample is waiting.
 */
const WAIT = 1 / 128;

/** How much is written or removed before a posting of an index of this many is looked for. */
export function waitFor(postingCount: number): number {
  return WAIT * postingCount;
}

/** Whether a posting of the sample is still to be looked for. */
export function isWaiting({ shardCount }: Sample): boolean {
  return shardCount === 0;
}

/** A posting of the sample that is still to be looked for. */
export function waitingSample(
  { documentId, start, length }: PostingKey,
  then: Pick<Sample, 'hash' | 'born' | 'postingCount' | 'churn'>,
): Sample {
  const unknown = { shardCount: 0, nearest: 0, spread: 0, gap: 0, ranks: NO_RANKS };
  return Object.freeze({ documentId, start, length, ...then, ...unknown });
}
