// Two editors change the dictionary, each on a branch of their own, and their work is brought together.
import {
  type ShardexIndex,
  applyDelta,
  decodeDelta,
  diff,
  encodeDelta,
  getDocument,
  merge,
  search,
} from '../../dist/index.js';
import type { Report } from '../report.js';
import { bytes, count, time } from '../units.js';
import type { Entry } from './definitions.js';
import type { Dictionary } from './index-definitions.js';

/** Edits metadata, shows what changed, and merges what two editors did. */
export function edit(report: Report, { cell, vectorOf }: Dictionary): void {
  report.step(
    'Edit metadata, and merge the work of two editors',
    'Texts and metadata have versions, as vectors do. A merge compares them field by field.',
  );
  const before = cell.read();
  const [{ documentId }] = search(before, vectorOf('person who repairs shoes'), { k: 1 });
  const startedAt = performance.now();
  const { index, delta } = cell.update((draft) => {
    draft.editMetadata(documentId, (entry) => {
      entry.note = 'Checked.';
    });
  });
  const spent = performance.now() - startedAt;
  const [change] = delta.records;
  report.say(
    `editMetadata() took ${time(spent)}: an entry that had ${change.before?.metadata?.note === undefined ? 'no note' : 'a note'} now has the note ${JSON.stringify(change.after?.metadata?.note)}. To send that to another process takes ${bytes(encodeDelta(delta).length)}.`,
  );
  report.check(index.shards === before.shards, 'the edit touched no vector: both versions share every shard');
  report.check(noteIn(before, documentId) === undefined, 'a reader of the version before sees no note');

  const base = cell.read();
  const branch = cell.fork();
  cell.update((draft) => {
    draft.editMetadata(documentId, (entry) => {
      entry.words.push('shoe doctor');
    });
  });
  const edited = branch.update((draft) => {
    draft.editMetadata(documentId, (entry) => {
      entry.note = 'Checked twice.';
    });
    draft.setText(documentId, 'a person who makes or repairs shoes');
    draft.editWhere({ domain: 'food', pos: 'noun' }, (entry) => {
      entry.note = 'Looks tasty.';
    });
  });
  const mergedAt = performance.now();
  const expected = cell.read();
  const merged = merge(expected, branch.read(), base);
  const merging = performance.now() - mergedAt;
  cell.commitChanges(merged, { expected });
  const result = getDocument(cell.read(), documentId);
  report.say(
    '',
    `One editor added a word to this entry. Another one, on a branch, changed its definition and its note, and added a note to ${count(edited.delta.records.length - 1)} kinds of food. merge() joined their changes in ${time(merging)}.`,
  );
  report.check(
    result?.metadata?.words.at(-1) === 'shoe doctor' && result.metadata.note === 'Checked twice.',
    'the merged entry has the changes of both editors',
  );
  const sent = encodeDelta(diff(base, cell.read()));
  const replica = applyDelta(base, decodeDelta(sent));
  report.check(
    replica.fingerprint === cell.read().fingerprint && noteIn(replica, documentId) === 'Checked twice.',
    `a process that has the version before needs ${bytes(sent.length)} to get the merged one`,
  );
}

function noteIn(index: ShardexIndex<Entry>, documentId: string): string | undefined {
  return getDocument(index, documentId)?.metadata?.note;
}
