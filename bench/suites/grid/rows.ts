// The rows of the grid: which vectors stand for which dimensions and metric.
import { count } from '../../../demo/units.js';
import type { DataSet, Wanted } from '../../data-sets/data-set.js';
import { definitions } from '../../data-sets/definitions.js';
import { digits } from '../../data-sets/digits.js';
import { latent } from '../../data-sets/latent.js';
import { type Matrix, matrix, normalise } from '../../data-sets/matrix.js';
import type { Nearness } from '../../data-sets/nearness.js';
import { wordVectors } from '../../data-sets/word-vectors.js';

/** A row of the grid: vectors, and how they compare. */
export interface Row {
  readonly data: 'words' | 'definitions' | 'latent' | 'digits';
  readonly dimensions: number;
  readonly nearness: Nearness;
}

const NEARNESSES: readonly Nearness[] = ['cosine', 'euclidean', 'dot'];

/** Natural vectors where there are any: texts up to 768 dimensions, words of 100, images. */
export const ROWS: readonly Row[] = [
  ...rowsOf('definitions', 32),
  ...rowsOf('words', 100),
  ...rowsOf('definitions', 384),
  ...rowsOf('definitions', 768),
  { data: 'digits', dimensions: 784, nearness: 'euclidean' },
  ...rowsOf('latent', 1536),
];

function rowsOf(data: Row['data'], dimensions: number): Row[] {
  return NEARNESSES.map((nearness) => ({ data, dimensions, nearness }));
}

export function nameOf({ data, dimensions, nearness }: Row): string {
  return `${count(dimensions)} ${nearness}, ${data}`;
}

/** The vectors of a row, each part in a buffer of its own; those that compare by cosine have length 1. */
export async function vectorsOf({ data, dimensions, nearness }: Row, wanted: Wanted): Promise<DataSet> {
  const make = {
    words: wordVectors(nearness),
    definitions: definitions(dimensions, nearness),
    latent: latent(nearness),
    digits,
  }[data];
  const set = await make(wanted);
  const own = ({ values }: Matrix): Matrix => {
    const copy = matrix(values.slice(), dimensions);
    return nearness === 'cosine' ? normalise(copy) : copy;
  };
  return { ...set, vectors: own(set.vectors), queries: own(set.queries), more: own(set.more) };
}
