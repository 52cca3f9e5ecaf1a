/*
 * The errors of a store for versions that it cannot return: they never existed, were dropped, or are not in memory. Each says
 * what to do.
 */

import { show } from '../checks/show.js';
import { VersionNotKeptError } from '../errors.js';

/** Tags with their versions. */
type Tags = ReadonlyMap<string, number>;

/** The error for a version or a tag that never existed. */
export function neverMade(wanted: unknown, newest: number, tags: Tags): VersionNotKeptError {
  const what = typeof wanted === 'string' ? `tag ${show(wanted)}` : `version ${show(wanted)}`;
  return new VersionNotKeptError(
    `There is no ${what}. Name a version by its number, up to ${newest}, or by a tag: ${listOf(tags)}.`,
    wanted as number | string,
  );
}

/** The error for a version that the log has dropped; `oldest` is the oldest one that can still be loaded. */
export function gone(version: number, oldest: number | undefined, tags: Tags): VersionNotKeptError {
  const back = oldest === undefined ? '' : ` back to ${oldest} only, and`;
  return new VersionNotKeptError(
    `Version ${version} is gone: the log leads${back} to tagged versions, ${listOf(tags)}. To keep more from now on, open the store with keep: { versions: … }, or tag what is to stay.`,
    version,
  );
}

/** The error for a version that is not in memory, but may be in the log. */
export function notInMemory(wanted: number | string, inMemory: readonly number[]): VersionNotKeptError {
  return new VersionNotKeptError(
    `Version ${show(wanted)} is not in memory; those that are: ${inMemory.join(', ')}. await load(${show(wanted)}) reads it from the log.`,
    wanted,
  );
}

/** The error for two versions between which commits are missing in the log. */
export function notOnTop(version: number, since: number): VersionNotKeptError {
  return new VersionNotKeptError(
    `Version ${version} cannot be made on top of version ${since}: the log has not all commits in between any more. Load it without since.`,
    version,
  );
}

function listOf(tags: Tags): string {
  return [...tags].map(([name, version]) => `${show(name)} (${version})`).join(', ') || 'there are none';
}
