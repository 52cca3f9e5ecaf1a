// Tags are kept as notes of a log: their names there, and their bytes.
import { show } from '../checks/show.js';
import { fieldOf } from '../checks/given.js';
import { CorruptLogError } from './errors.js';

/** The prefix of notes that are tags. */
const TAG = 'tag:';

/** Returns the name of a tag's note. */
export function noteOfTag(name: string): string {
  return TAG + name;
}

/** Encodes the version of a tag. */
export function tagBytes(version: number): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ version }));
}

/** Decodes the tags among the notes of a log. @throws {@link CorruptLogError} */
export function tagsIn(notes: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, number> {
  const tags = new Map<string, number>();
  for (const [note, bytes] of notes) {
    if (!note.startsWith(TAG)) continue;
    const name = note.slice(TAG.length);
    let version: unknown;
    try {
      version = fieldOf(JSON.parse(new TextDecoder().decode(bytes)), 'version');
    } catch {
      // Said below.
    }
    if (typeof version !== 'number') throw new CorruptLogError(`The tag ${show(name)} is damaged.`);
    tags.set(name, version);
  }
  return tags;
}
