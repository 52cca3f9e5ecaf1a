// Asks the dictionary: what is the word for …?
import { type Filter, count as countDocuments, getDocument, search } from '../../dist/index.js';
import type { Report } from '../report.js';
import { count, time } from '../units.js';
import type { Entry } from './definitions.js';
import type { Dictionary } from './index-definitions.js';

/** A question, and what an answer has to be. */
export interface Question {
  readonly ask: string;
  readonly where?: Filter<Entry> | undefined;
}

const QUESTIONS: readonly Question[] = [
  { ask: 'person who repairs shoes' },
  { ask: 'frozen dessert made of cream' },
  { ask: 'fear of open spaces' },
  { ask: 'large bird that cannot fly', where: { domain: 'animal' } },
  { ask: 'to move quickly', where: { pos: 'verb', domain: 'motion' } },
  { ask: 'to move quickly', where: { domain: { $in: ['animal', 'person'] } } },
];

/** How many answers are printed. */
const ANSWERS = 3;

/** Answers questions, by meaning and by what is known of each entry. */
export function ask(report: Report, { cell, vectorOf }: Dictionary, questions: readonly Question[]): void {
  report.step(
    'Search it by meaning, with filters on metadata',
    'Which word means this? A filter limits the answers, for instance to verbs. Each answer begins with its score, from 0 to 1.',
  );
  const index = cell.read();
  let spent = 0;
  for (const { ask, where } of [...QUESTIONS, ...questions]) {
    const vector = vectorOf(ask);
    const among =
      where === undefined
        ? ''
        : `  among the ${count(countDocuments(index, where))} documents that match ${JSON.stringify(where)}`;
    const startedAt = performance.now();
    const hits = search(index, vector, { k: ANSWERS, ...(where !== undefined && { where }) });
    spent = performance.now() - startedAt;
    report.say(`“${ask}”${among}`);
    for (const { documentId, score } of hits) {
      const found = getDocument(index, documentId);
      const { words, pos } = found?.metadata ?? { words: [documentId], pos: '' };
      report.say(`   ${score.toFixed(2)}  ${words[0]} (${pos}): ${found?.text ?? ''}`);
    }
    report.say('');
  }
  report.say(`The last search took ${time(spent)}.`);
}
