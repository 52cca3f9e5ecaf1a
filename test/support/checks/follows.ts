import type { Delta, ShardexIndex } from 'shardex';
import { seededRandom } from '../../../src/geometry/random.js';
import type { Library } from '../library.js';
import { checkThat } from './check-that.js';

/** Versions one after the other, each with postings added, replaced and removed, over many shards. */
function lineage(lib: Library): ShardexIndex[] {
  const random = seededRandom(5);
  const posting = (n: number) => ({ documentId: `d${n}`, vector: [random() - 0.5, random() - 0.5] });
  const versions = [
    lib.createIndex(
      { dimensions: 2, shardCapacity: 8 },
      Array.from({ length: 1500 }, (_, n) => posting(n)),
    ),
  ];
  for (let round = 0; round < 8; round++) {
    const next = lib.update(versions[round], (draft) => {
      for (let n = 0; n < 40; n++) draft.addPosting(posting(Math.floor(random() * 1600)));
      for (let n = 0; n < 10; n++) draft.removeDocument(`d${Math.floor(random() * 1600)}`);
    });
    versions.push(next);
  }
  return versions;
}

function contents(lib: Library, index: ShardexIndex): string {
  const all: string[] = [];
  for (const id of lib.documentIds(index))
    for (const { start, length, vector } of lib.postings(index, id))
      all.push(`${id} ${start} ${length} ${vector.join()}`);
  return all.sort().join('\n');
}

function checkSame(lib: Library, actual: ShardexIndex, expected: ShardexIndex, what: string): void {
  checkThat(actual.postingCount === expected.postingCount, `${what} has as many postings`);
  checkThat(contents(lib, actual) === contents(lib, expected), `${what} has the same postings`);
  checkThat([...lib.verify(actual)].length === 0, `${what} is sound`);
}

/** Comparing two versions finds every shard that differs, in their own process and elsewhere. */
export function findsEveryDifference(lib: Library): void {
  const versions = lineage(lib);
  const [first, last] = [versions[0], versions[versions.length - 1]];
  const delta = lib.diff(first, last);
  checkSame(lib, lib.applyDelta(first, delta), last, 'what a difference leads to');
  checkSame(lib, lib.applyDelta(first, lib.decodeDelta(lib.encodeDelta(delta))), last, 'a replica');
}

/** Deltas of every commit, composed and sent, lead to where the commits lead. */
export function composesToTheSame(lib: Library): void {
  const versions = lineage(lib);
  let composed: Delta = lib.diff(versions[0], versions[0]);
  for (let n = 1; n < versions.length; n++)
    composed = lib.composeDeltas(composed, lib.diff(versions[n - 1], versions[n]));
  const sent = lib.decodeDelta(lib.encodeDelta(composed));
  checkSame(lib, lib.applyDelta(versions[0], sent), versions[versions.length - 1], 'what is composed');
}

/** A delta is refused by a fork of its base, which has the same number and another state. */
export function refusesForks(lib: Library): void {
  const [base] = lineage(lib);
  const put = (index: ShardexIndex, documentId: string): ShardexIndex =>
    lib.update(index, (draft) => {
      draft.addPosting({ documentId, vector: [1, 0] });
    });
  const [ours, theirs] = [put(base, 'ours'), put(base, 'theirs')];
  checkThat(ours.version === theirs.version, 'forks count alike');
  let refused = false;
  try {
    lib.applyDelta(theirs, lib.diff(ours, put(ours, 'next')));
  } catch (error) {
    if (!(error instanceof lib.DeltaMismatchError)) throw error;
    refused = true;
  }
  checkThat(refused, 'a delta is refused on a fork of its base');
}
