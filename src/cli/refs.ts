/*
 * Versions as people name them: by number, by tag, HEAD and HEAD~2.
 */

import type { Metadata, ShardexIndex } from 'shardex';
import type { Store } from 'shardex/store';
import { CommandFailure, EXIT } from './streams.js';

/** The number of a version that is named like this. */
export function versionOf(store: Store<Metadata>, name: string): number {
  const tagged = store.tags().get(name);
  if (tagged !== undefined) return tagged;
  const steps = /^HEAD(?:~(\d+))?$/.exec(name)?.at(1);
  const version = name.startsWith('HEAD') ? store.version - Number(steps ?? 0) : Number(name);
  if (/^(\d+|HEAD(~\d+)?)$/.test(name) && version >= 0) return version;
  const tags = [...store.tags().keys()].join(', ');
  throw new CommandFailure(
    'NO_VERSION',
    `There is no version ${JSON.stringify(name)}. Name one by its number, as HEAD, HEAD~2, or by a tag (${tags || 'there are none'}).`,
    EXIT.failed,
  );
}

/** Loads a version that is named like this; the newest one where none is. */
export async function indexAt(
  store: Store<Metadata>,
  name: string | undefined,
): Promise<ShardexIndex<Metadata>> {
  return name === undefined ? store.read() : store.load(versionOf(store, name));
}
