/*
 * The calibration of a version: a sample of its own postings. Each was looked for as if it were not there, and has the ranks
 * of the shards that its true neighbours are in. Every commit renews as much of the sample as it changes of the index, so
 * that the sample follows the index, and equal versions have equal samples (I10). `limits.ts` derives from it how far a
 * search has to go for a recall.
 */

import type { List } from 'immutable';
import type { PostingKey } from '../errors.js';
import { NO_RANKS } from './ranks.js';

/** What a search knows of a query before it scans a row. */
export interface Features {
  /** Distance of the nearest centroid. */
  readonly nearest: number;
  /** How much farther the fourth nearest centroid is. */
  readonly spread: number;
}

/** A posting of the sample, with the result of its look. */
export interface Sample extends PostingKey, Features {
  /** A hash of its vector, which tells whether the posting was replaced. */
  readonly hash: number;
  /** The churn at which it was written; 0 if that is unknown. */
  readonly born: number;
  /** Live postings, and shards, at its look. `shardCount` is 0 while it waits. */
  readonly postingCount: number;
  readonly shardCount: number;
  /** `ShardexIndex.churn` at its look; while it waits, when the look was decided on. */
  readonly churn: number;
  /** How much farther than the nearest centroid the 32nd nearest one is. */
  readonly gap: number;
  /** The ranks of its neighbours' shards, packed by `packRanks`; distances are in units of its gap. */
  readonly ranks: string;
}

/** The sample of a version. Frozen. */
export interface Calibration {
  /** The samples, in no particular order: a version shares those that did not change with the one before. */
  readonly samples: List<Sample>;
  /** How many looks were made in all, up to this version. */
  readonly taken: number;
  /** The `ShardexIndex.churn` up to which changes have led to looks. */
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

/** Counting stops here, where it is still exact. Only a forged number comes near. */
export const MOST_COUNTED = 2 ** 48;

/** Adds two counts. */
export function countedOn(count: number, more: number): number {
  return Math.min(MOST_COUNTED, Math.round(count + more));
}

/** Below this many postings every search scans all shards: by default there are hardly more than two. */
export const LEAST_CALIBRATED = 1024;

/**
 * Postings in a full sample. The standard error of a recall of 0.95 of 10 neighbours is then some 0.005, and a kind of
 * data that makes up a tenth of the index has 100 of them.
 */
const FULL_SAMPLE = 1024;

/** Postings for each one in the sample of a small index: a full sample would take as long as building the index. */
const SMALL_SHARE = 8;

/** Returns the size of the sample of an index of this many postings; 0 if it has none. */
export function sampleSizeFor(postingCount: number): number {
  if (postingCount < LEAST_CALIBRATED) return 0;
  return Math.min(FULL_SAMPLE, Math.floor(postingCount / SMALL_SHARE));
}

/** Whether an index of this many postings will soon have a sample, so that work for looks may be done ahead. */
export function isNearlyCalibrated(postingCount: number): boolean {
  return postingCount >= (LEAST_CALIBRATED * 7) / 8;
}

/**
 * Deep looks in a full sample: they find the 1,000 nearest. All others find the 100 nearest, and measure a fifth of the rows.
 *
 * Recall of a thousand varies little from query to query, so few looks suffice. At a recall of 0.95, the standard error of
 * 256 looks for 1,000 is 0.0007 to 0.003; that of 1,024 looks for 10 is 0.002 to 0.0034 (data with and without clusters).
 */
const DEEP_SAMPLE = 256;

/** Returns the share of deep looks in a sample of this size. */
export function deepShare(sampleSize: number): number {
  return Math.min(1, DEEP_SAMPLE / sampleSize);
}

/** Returns the greatest chance of a posting to be in the sample of an index of this many or more. */
export function greatestChance(postingCount: number): number {
  return Math.min(1 / SMALL_SHARE, FULL_SAMPLE / postingCount);
}

/** Whether a sample with this many looks is enough to search by. */
export function isUsable(sampleSize: number, postingCount: number): boolean {
  return postingCount >= LEAST_CALIBRATED && sampleSize >= sampleSizeFor(postingCount) / 2;
}

/**
 * The share of an index that changes between the decision on a look and the look: the commits in between do parts of its work
 * ahead. At any time about a hundredth of the sample waits.
 */
const WAIT = 1 / 128;

/** Returns how many changes a look waits for in an index of this many postings. */
export function waitFor(postingCount: number): number {
  return WAIT * postingCount;
}

/** Whether a sample still waits for its look. */
export function isWaiting({ shardCount }: Sample): boolean {
  return shardCount === 0;
}

/** Makes a sample that waits for its look. */
export function waitingSample(
  { documentId, start, length }: PostingKey,
  then: Pick<Sample, 'hash' | 'born' | 'postingCount' | 'churn'>,
): Sample {
  const unknown = { shardCount: 0, nearest: 0, spread: 0, gap: 0, ranks: NO_RANKS };
  return Object.freeze({ documentId, start, length, ...then, ...unknown });
}
