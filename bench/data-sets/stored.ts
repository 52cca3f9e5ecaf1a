// Stores a data set with its true nearest in a folder, for engines in processes of their own.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Nearness } from './nearness.js';
import type { DataSet } from './data-set.js';
import type { Matrix } from './matrix.js';
import { readMatrix, writeMatrix } from './matrix-file.js';
import { nearest } from './nearest.js';

/** What a process reads of a data set in a file, so that no process has more of it in memory than it asks for. */
export interface Known {
  readonly title: string;
  readonly nearness: Nearness;
  readonly dimensions: number;
  /** The true nearest rows of each query, nearest first. */
  readonly truth: readonly (readonly number[])[];
}

const PARTS = ['vectors', 'queries', 'more'] as const;

/** Writes a data set to a folder, with the `k` nearest rows of each query. */
export function store(set: DataSet, folder: string, k: number): Known {
  const { title, nearness, vectors, queries } = set;
  for (const part of PARTS) writeMatrix(join(folder, part), set[part]);
  const truth = nearest(vectors, queries, nearness, k);
  const known: Known = { title, nearness, dimensions: vectors.dimensions, truth };
  writeFileSync(join(folder, 'known.json'), JSON.stringify(known));
  return known;
}

export function readKnown(folder: string): Known {
  return JSON.parse(readFileSync(join(folder, 'known.json'), 'utf8')) as Known;
}

export function readPart(folder: string, part: (typeof PARTS)[number], dimensions: number): Matrix {
  return readMatrix(join(folder, part), dimensions);
}
