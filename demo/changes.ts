import { shuffler } from 'd3-array';
import { randomLcg, randomNormal } from 'd3-random';
import type { IndexDraft } from '../dist/index.js';
import type { Words } from './words.js';

/** How far each component of a vector is moved, in standard deviations of the components themselves (about 0.4). */
const NUDGE = 0.2;

/** Chance that is the same on every run. */
export interface Chance {
  /** A number in [0, 1). */
  readonly random: () => number;
  /** The vector, moved a little. */
  readonly nudged: (vector: Float32Array) => Float32Array;
}

export function chance(seed: number): Chance {
  const random = randomLcg(seed);
  const normal = randomNormal.source(random)(0, NUDGE * 0.4);
  return { random, nudged: (vector) => vector.map((component) => component + normal()) };
}

/** Changes of a tenth of the words. */
export interface Rewrite {
  readonly changes: readonly ((draft: IndexDraft) => void)[];
  /** Postings that there will be more by them, or less. */
  readonly growth: number;
}

/** Of ten changes seven give a word another vector, one removes a word, and two add a new one. */
export function rewriteOfATenth(words: Words, { random, nudged }: Chance): Rewrite {
  const shuffled = shuffler(random)(words.words.map((_, at) => at));
  let growth = 0;
  const changes = shuffled.slice(0, Math.ceil(shuffled.length / 10)).map((at, i) => {
    const documentId = words.words[at];
    const vector = nudged(words.vector(at));
    if (i % 10 === 9) {
      growth--;
      return (draft: IndexDraft) => void draft.removeDocument(documentId);
    }
    const isNew = i % 10 === 3 || i % 10 === 6;
    if (isNew) growth++;
    const posting = { documentId: isNew ? `new word ${i}` : documentId, vector };
    return (draft: IndexDraft) => {
      draft.addPosting(posting);
    };
  });
  return { changes, growth };
}
