// Tags as notes of a log: what a tag is called there, and what it says.
import { show } from '../checks/show.js';
import { fieldOf } from '../checks/given.js';
import { CorruptLogError } from './errors.js';

/** In front of the names of tags, among the notes of a log. */
const TAG = 'tag:';

/** The name of the note of a tag. */
export function noteOfTag(name: string): string {
  return TAG + name;
}

/** What the note of a tag of a version says. */
export function tagBytes(version: number): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ version }));
}

/** The tags among notes, with their versions. @throws {@link CorruptLogError} */
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
