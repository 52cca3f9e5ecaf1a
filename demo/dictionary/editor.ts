// A process of its own that gives one entry after the other a note, and says of each that it is on the disk; see keep.ts,
// which kills it.
import { writeSync } from 'node:fs';
import { documentIds } from '../../dist/index.js';
import { openStore, sqliteLog } from '../../dist/store/index.js';
import type { Entry } from './definitions.js';
import { noteOf } from './editor-note.js';

const [path, driver] = process.argv.slice(2);
const store = await openStore<Entry>(sqliteLog({ path, ...(driver !== '' && { driver }) }));
for (const documentId of documentIds(store.read())) {
  await store.update((draft) => {
    draft.editMetadata(documentId, (entry) => {
      entry.note = noteOf(documentId);
    });
  });
  writeSync(1, `${documentId}\n`);
}
