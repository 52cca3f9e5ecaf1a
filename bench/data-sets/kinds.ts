// The data sets that recall is measured on, of many kinds.
import type { DataSet, Wanted } from './data-set.js';
import { definitions } from './definitions.js';
import { digits } from './digits.js';
import { gaussian } from './gaussian.js';
import { heavyTailed } from './heavy-tailed.js';
import { latent } from './latent.js';
import { smallClusters } from './small-clusters.js';
import { tight } from './tight.js';
import { trigrams } from './trigrams.js';
import { wordVectors } from './word-vectors.js';

/** Data of many kinds, none of which anything is tuned to: what holds on all of them may hold on others. */
export const KINDS = {
  words: wordVectors('cosine'),
  'words-euclidean': wordVectors('euclidean'),
  'words-dot': wordVectors('dot'),
  digits,
  'definitions-100': definitions(100),
  'definitions-384': definitions(384),
  'definitions-768': definitions(768),
  'trigrams-256': trigrams(256),
  'trigrams-512': trigrams(512),
  latent: latent('cosine'),
  'latent-dot': latent('dot'),
  gaussian,
  'small-clusters': smallClusters,
  'heavy-tailed': heavyTailed,
  tight: tight(1e-5),
  tighter: tight(1e-6),
} satisfies Record<string, (wanted: Wanted) => DataSet | Promise<DataSet>>;

export type KindName = keyof typeof KINDS;
