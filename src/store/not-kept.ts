/*
 * What a store says of versions that it cannot give: those that never were, those that are gone, and those that are not in
 * memory, which only some of its methods read from the log. Each says what to do.
 */

import { show } from '../checks/show.js';
import { VersionNotKeptError } from '../errors.js';

/** Tags with their versions. */
type Tags = ReadonlyMap<string, number>;

/** There is no such version, and never was; or no such tag. */
export function neverMade(wanted: unknown, newest: number, tags: Tags): VersionNotKeptError {
  const what = typeof wanted === 'string' ? `tag ${show(wanted)}` : `version ${show(wanted)}`;
  return new VersionNotKeptError(
    `There is no ${what}. Name a version by its number, up to ${newest}, or by a tag: ${listOf(tags)}.`,
    wanted as number | string,
  );
}

/** The log does not lead to a version any more; `oldest` is the first after it that it still leads to. */
export function gone(version: number, oldest: number | undefined, tags: Tags): VersionNotKeptError {
  const back = oldest === undefined ? '' : ` back to ${oldest} only, and`;
  return new VersionNotKeptError(
    `Version ${version} is gone: the log leads${back} to tagged versions, ${listOf(tags)}. To keep more from now on, open the store with keep: { versions: … }, or tag what is to stay.`,
    version,
  );
}

/** Only versions in memory can be had at once. `wanted` names one that may be in the log. */
export function notInMemory(wanted: number | string, inMemory: readonly number[]): VersionNotKeptError {
  return new VersionNotKeptError(
    `Version ${show(wanted)} is not in memory; those that are: ${inMemory.join(', ')}. await load(${show(wanted)}) reads it from the log.`,
    wanted,
  );
}

/** The commits that would lead from one version to another are gone, though either may be there. */
export function notOnTop(version: number, since: number): VersionNotKeptError {
  return new VersionNotKeptError(
    `Version ${version} cannot be made on top of version ${since}: the log has not all commits in between any more. Load it without since.`,
    version,
  );
}

function listOf(tags: Tags): string {
  return [...tags].map(([name, version]) => `${show(name)} (${version})`).join(', ') || 'there are none';
}
