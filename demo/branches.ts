import {
  type CowShardexIndex,
  applyDelta,
  decodeDelta,
  diff,
  encodeDelta,
  hasDocument,
  merge,
} from '../dist/index.js';
import { answer } from './answers.js';
import type { Chance } from './changes.js';
import type { Report } from './report.js';
import { bytes, count, time } from './units.js';
import type { Words } from './words.js';

/** Changes on each side. */
const CHANGES = 100;

/** Forks the index, changes both sides, says what differs, merges, sends it as bytes, and goes back. */
export function branches(report: Report, cell: CowShardexIndex, words: Words, { nudged }: Chance): void {
  report.step(
    'Branch, compare, merge, undo',
    'Versions of an index can be branched and merged, as git does with files. That takes time and memory for what changed, not for the whole index.',
  );
  const base = cell.read();
  const before = answer(base, words.vector(0));
  cell.tag('before the branch');

  const forking = timed(() => cell.fork());
  const branch = forking.value;
  // The rarest words: the first two thirds of them change on the branch, the others on the main line.
  const rare = words.words.slice(-3 * CHANGES).filter((word) => hasDocument(base, word));
  const third = Math.floor(rare.length / 3);
  const [removed, moved, others] = [
    rare.slice(0, third),
    rare.slice(third, 2 * third),
    rare.slice(2 * third),
  ];
  const vectorOf = (word: string): Float32Array => nudged(words.vector(words.words.indexOf(word)));
  branch.update((draft) => {
    draft.removeDocuments(removed);
    draft.addPostings(moved.map((documentId) => ({ documentId, vector: vectorOf(documentId) })));
  });
  cell.update((draft) => {
    draft.addPostings(others.map((word) => ({ documentId: `${word} (again)`, vector: vectorOf(word) })));
  });

  const comparing = timed(() => diff(base, branch.read()));
  const delta = comparing.value;
  const sent = encodeDelta(delta);
  const ours = cell.read();
  const merging = timed(() => merge(ours, branch.read(), base));
  cell.commitChanges(merging.value, { expected: ours });
  report.say(
    `fork()   ${time(forking.ms)}: a branch, which shares all its memory with the index.`,
    `diff()   ${time(comparing.ms)}: on the branch, ${count(delta.removed.length)} words were removed and ${count(delta.updated.length)} got another vector.`,
    `         To send that to another process takes ${bytes(sent.length)}.`,
    `merge()  ${time(merging.ms)}: joins these changes with the ${count(others.length)} words that were added to the index meanwhile.`,
    '',
  );
  const replica = applyDelta(base, decodeDelta(sent));
  report.check(
    replica.fingerprint === branch.read().fingerprint &&
      answer(replica, words.vector(0)).equals(answer(branch.read(), words.vector(0))),
    'applied to the version before, the bytes give the branch, equal to the last bit',
  );
  report.check(
    cell.postingCount === base.postingCount - removed.length + others.length &&
      removed.every((word) => !hasDocument(cell.read(), word)),
    'the merged version has the changes of both sides',
  );
  const merged = cell.version;
  cell.tag('merged');
  cell.restore('before the branch');
  report.check(
    cell.version === merged + 1 && answer(cell.read(), words.vector(0)).equals(before),
    `restore() undid all of it, and published the state from before as version ${count(cell.version)}`,
  );
  cell.restore('merged');
  report.check(
    cell.postingCount === merging.value.postingCount,
    `restore() undid that in turn, and published the merged state as version ${count(cell.version)}`,
  );
  cell.untag('before the branch');
  cell.untag('merged');
}

function timed<T>(run: () => T): { readonly value: T; readonly ms: number } {
  const startedAt = performance.now();
  const value = run();
  return { value, ms: performance.now() - startedAt };
}
