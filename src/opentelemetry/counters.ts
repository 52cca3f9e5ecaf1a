/*
 * The counters of stores, followers and cells, as metrics. What a kind of cell does not count is not reported.
 */

import { fieldOf } from '../checks/given.js';

/** A version, as far as metrics say of it. */
interface Version {
  readonly version: number;
  readonly postingCount: number;
}

/** A metric that is read off a store. */
interface Counter {
  readonly name: string;
  readonly kind: 'createObservableCounter' | 'createObservableUpDownCounter' | 'createObservableGauge';
  readonly unit: string;
  readonly description: string;
  /** Its value; `undefined` where there is none. */
  readonly value: (metrics: object, version: Version) => number | undefined;
}

function counted(name: string, field: string, unit: string, description: string): Counter {
  return { name, kind: 'createObservableCounter', unit, description, value: fieldIn(field) };
}

function now(name: string, field: string, unit: string, description: string, scale = 1): Counter {
  return { name, kind: 'createObservableGauge', unit, description, value: fieldIn(field, scale) };
}

function fieldIn(field: string, scale = 1): Counter['value'] {
  return (metrics) => {
    const value = fieldOf(metrics, field);
    return typeof value === 'number' ? value * scale : undefined;
  };
}

/** All metrics. */
export const COUNTERS: readonly Counter[] = [
  counted('shardex.commits', 'durableCommits', '{commit}', 'Commits of this store that are durable.'),
  counted('shardex.groups', 'groups', '{group}', 'Groups in which they were appended.'),
  counted('shardex.entry.io', 'entryBytes', 'By', 'Bytes of entries that were appended.'),
  counted('shardex.races.lost', 'lostRaces', '{race}', 'Appends before which another process was first.'),
  counted('shardex.followed', 'followed', '{commit}', 'Commits of others that were taken over.'),
  counted('shardex.checkpoints', 'checkpoints', '{checkpoint}', 'Checkpoints made.'),
  counted('shardex.checkpoint.io', 'checkpointBytes', 'By', 'Bytes that they put.'),
  counted('shardex.conflicts', 'conflicts', '{commit}', 'Commits refused because of an overlap.'),
  now('shardex.queue.length', 'queued', '{commit}', 'Commits that wait for the log.'),
  now('shardex.follower.lag', 'lag', '{version}', 'Versions that are in the log, and not visible here yet.'),
  now('shardex.follower.delay', 'delayMs', 's', 'From a commit to its visibility here.', 1e-3),
  now(
    'shardex.follower.unchecked',
    'checkedMsAgo',
    's',
    'Since the follower last knew that it has all.',
    1e-3,
  ),
  now('shardex.versions.live', 'liveOldVersions', '{version}', 'Superseded versions that something holds.'),
  {
    name: 'shardex.memory.usage',
    kind: 'createObservableUpDownCounter',
    unit: 'By',
    description: 'Bytes of the row blocks of the current version.',
    value: fieldIn('byteLength'),
  },
  {
    name: 'shardex.version',
    kind: 'createObservableGauge',
    unit: '{version}',
    description: 'The number of the current version.',
    value: (_, { version }) => version,
  },
  {
    name: 'shardex.postings',
    kind: 'createObservableUpDownCounter',
    unit: '{posting}',
    description: 'Postings in the current version.',
    value: (_, { postingCount }) => postingCount,
  },
];
