import * as shardex from 'shardex';
import {
  CowShardexIndex,
  type IndexWriter,
  type ShardexIndex,
  type ShardexOptions,
  createIndex,
} from 'shardex';
import { expect } from 'vitest';
import { fingerprint } from '../../support/fingerprint.js';
import { NaiveTwin } from '../../support/naive-twin.js';
import { expectSameContents } from '../../support/sound.js';
import type { TouchedKeys } from './overlap.js';
import { type Shadow } from './shadow.js';

/** A version in the model; there is one for each real one, so that its identity stands for the real identity. */
export interface ModelVersion {
  readonly twin: NaiveTwin;
  readonly number: number;
}

/** A cell in the model, with what its metrics must come to. */
export interface ModelCell {
  current: ModelVersion;
  /** What its commits touched, one after another, also those that changed nothing. */
  readonly touches: TouchedKeys[];
  clones: number;
  commits: number;
  conflicts: number;
  rebases: number;
  discards: number;
}

export interface ModelWriter {
  readonly cell: number;
  readonly shadow: Shadow;
  /** How many commits the cell had recorded when it was opened. */
  readonly since: number;
}

/** What should be. Cells, writers and held versions have the same places here and in {@link Real}. */
export interface Model {
  readonly cells: ModelCell[];
  readonly writers: ModelWriter[];
  readonly held: ModelVersion[];
}

/** What is. */
export interface Real {
  readonly cells: CowShardexIndex[];
  readonly writers: IndexWriter[];
  readonly held: HeldVersion[];
  readonly known: WeakMap<ShardexIndex, ModelVersion>;
}

interface HeldVersion {
  readonly version: ShardexIndex;
  /** How it read when it was taken. */
  readonly print: string;
}

const QUERIES = [
  [1, 0],
  [0, 0],
  [-0.75, 0.5],
];

const print = (version: ShardexIndex): string => fingerprint(shardex, version, QUERIES);

export function setUp(options: ShardexOptions): { model: Model; real: Real } {
  const index = createIndex(options);
  const model: Model = { cells: [], writers: [], held: [] };
  const real: Real = { cells: [], writers: [], held: [], known: new WeakMap() };
  addCell(model, real, expectVersion(real, index, new NaiveTwin(options), 0), index);
  return { model, real };
}

export function addCell(model: Model, real: Real, current: ModelVersion, version: ShardexIndex): void {
  model.cells.push({ current, touches: [], clones: 0, commits: 0, conflicts: 0, rebases: 0, discards: 0 });
  real.cells.push(new CowShardexIndex(version));
}

/** Keeps a version, to be read again when everything is over. */
export function hold(model: Model, real: Real, expected: ModelVersion, version: ShardexIndex): void {
  model.held.push(expected);
  real.held.push({ version, print: print(version) });
}

/** Expects that a cell published `twin`, one number up (I2), and that it is sound. */
export function expectPublished(
  model: Model,
  real: Real,
  at: number,
  twin: NaiveTwin,
  returned: ShardexIndex,
): void {
  const cell = model.cells[at];
  expect(real.cells[at].read()).toBe(returned);
  cell.current = expectVersion(real, returned, twin, cell.current.number + 1);
  cell.commits++;
}

/** Expects that a version is sound and holds what it must, and gives its place in the model. */
export function expectVersion(
  real: Real,
  version: ShardexIndex,
  twin: NaiveTwin,
  number: number,
): ModelVersion {
  expect(version.version).toBe(number);
  expectSameContents(version, twin);
  const known = real.known.get(version) ?? { twin: twin.clone(), number };
  real.known.set(version, known);
  return known;
}

/** Expects that nobody can tell any held version from what it was (I1), and that every cell counted right. */
export function expectAllAsItShouldBe(model: Model, real: Real): void {
  for (const { version, print: before } of real.held) expect(print(version)).toBe(before);
  model.cells.forEach((cell, at) => {
    expectVersion(real, real.cells[at].read(), cell.current.twin, cell.current.number);
    const { clones, commits, conflicts, rebases, discards, liveWriters } = real.cells[at].metrics();
    expect({
      clones: clones.count,
      commits: commits.count,
      conflicts,
      rebases,
      discards,
      liveWriters,
    }).toEqual({
      clones: cell.clones,
      commits: cell.commits,
      conflicts: cell.conflicts,
      rebases: cell.rebases,
      discards: cell.discards,
      liveWriters: model.writers.filter((writer) => writer.cell === at).length,
    });
  });
}
