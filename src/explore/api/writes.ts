/*
 * The calls that write: restore, undo, redo, tag, untag. All of them make a new version, or only a name; nothing is lost by them.
 */

import type { Store } from '../../store/index.js';
import { Refusal } from '../refusal.js';
import type { Versions } from '../versions.js';
import type { Given } from './given.js';

/** What may be written; a cell does some of it at once. */
type Target = Partial<Pick<Store, 'restore' | 'undo' | 'redo' | 'tag' | 'untag'>>;

/** The calls that write to what is explored. A cell restores and tags; a store undoes and redoes, too. */
export function writesOf(versions: Versions): Record<string, (given: Given) => Promise<unknown>> {
  const target = versions.cell as Target;
  const can = <K extends keyof Target>(name: K): NonNullable<Target[K]> => {
    const method = target[name];
    if (method === undefined) throw new Refusal(400, 'CANNOT_WRITE', `What is explored cannot ${name}.`);
    return method.bind(target) as NonNullable<Target[K]>;
  };
  return {
    'POST restore': async (given) => ({
      version: (await can('restore')(required(given.whole('version', 0)))).version,
    }),
    'POST undo': async () => ({ version: (await can('undo')())?.version ?? null }),
    'POST redo': async () => ({ version: (await can('redo')())?.version ?? null }),
    'POST tag': async (given) => {
      const [name, version] = [required(given.text('name')), required(given.whole('version', 0))];
      await can('tag')(name, version);
      return { name, version };
    },
    'POST untag': async (given) => ({ isRemoved: await can('untag')(required(given.text('name'))) }),
  };
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Refusal(400, 'INVALID_PARAMETER', 'Something is missing.');
  return value;
}
