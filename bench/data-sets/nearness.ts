// The metrics of data sets.

/**
 * What is nearest. Where only cosine data is compared, its vectors have length 1, so that an inner product tells as much.
 */
export type Nearness = 'cosine' | 'euclidean' | 'dot';
