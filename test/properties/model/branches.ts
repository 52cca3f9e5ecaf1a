import * as fc from 'fast-check';
import {
  CowShardexIndex,
  type MergeConflict,
  MergeConflictError,
  type MergeOptions,
  type ShardexIndex,
  type ShardexOptions,
  createIndex,
  merge,
} from 'shardex';
import { expect } from 'vitest';
import { NaiveTwin } from '../../support/naive-twin.js';
import { allPostings, expectSameContents } from '../../support/sound.js';
import { thrownBy } from '../../support/thrown.js';
import { differences } from './difference.js';
import { DIMENSIONS, type Operation, postingOperations as operations } from './operation.js';
import { Shadow } from './shadow.js';
import { type Decision, naiveMerge } from './three-way.js';

const MOST_BRANCHES = 4;

export type Step =
  | { readonly kind: 'update'; readonly at: number; readonly operations: readonly Operation[] }
  | { readonly kind: 'fork'; readonly from: number }
  | {
      readonly kind: 'merge';
      readonly into: number;
      readonly from: number;
      readonly onConflict: 'error' | 'ours' | 'theirs' | number;
    };

/** A version and what it must hold. */
interface Version {
  readonly index: ShardexIndex;
  readonly twin: NaiveTwin;
}

interface Branch {
  readonly cell: CowShardexIndex;
  twin: NaiveTwin;
  /** By branch the last state that both had in common: where they parted, or what the last merge took over. */
  readonly common: Map<Branch, Version>;
}

/** What a run came to. */
export interface Tally {
  merges: number;
  conflicts: number;
  refused: number;
  /** Merges of branches that were merged before. */
  again: number;
  /** Merges that gave back one of their sides. */
  forFree: number;
}

const nth = fc.nat(MOST_BRANCHES - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('update'), at: nth, operations }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fork'), from: nth }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('merge'),
      into: nth,
      from: nth,
      // A number seeds a function that decides one by one.
      onConflict: fc.oneof(
        { weight: 2, arbitrary: fc.constantFrom('error', 'error', 'ours', 'theirs') },
        { weight: 1, arbitrary: fc.nat(99) },
      ),
    }),
  },
);

/** Random sequences of changes, forks and merges both ways agree with three-way merges of plain maps. */
export function branchesAgree(
  config: Omit<ShardexOptions, 'dimensions'>,
  tally?: Tally,
): fc.IProperty<[readonly Step[]]> {
  return fc.property(fc.array(step, { minLength: 10, maxLength: 30, size: '+1' }), (steps) => {
    new Branches({ dimensions: DIMENSIONS, shardCapacity: 8, ...config }, tally).run(steps);
  });
}

class Branches {
  readonly #options: ShardexOptions;
  readonly #tally: Tally | undefined;
  readonly #branches: Branch[] = [];
  /** All versions there were: none may change afterwards (I1). */
  readonly #seen: Version[] = [];

  constructor(options: ShardexOptions, tally: Tally | undefined) {
    this.#options = options;
    this.#tally = tally;
    const cell = new CowShardexIndex(createIndex(options));
    this.#branches.push({ cell, twin: new NaiveTwin(options), common: new Map() });
  }

  run(steps: readonly Step[]): void {
    // Something to have in common, and somebody to have it with.
    this.#update(this.#branch(0), [{ kind: 'bulk', seed: 1, count: 20 }]);
    this.#fork(this.#branch(0));
    for (const step of steps) {
      if (step.kind === 'update') this.#update(this.#branch(step.at), step.operations);
      else if (step.kind === 'fork') this.#fork(this.#branch(step.from));
      else {
        const into = step.into % this.#branches.length;
        const others = this.#branches.filter((_, at) => at !== into);
        this.#merge(this.#branches[into], others[step.from % others.length], step.onConflict);
      }
    }
    for (const { index, twin } of this.#seen) expect(allPostings(index)).toEqual(twin.all());
  }

  #branch(at: number): Branch {
    return this.#branches[at % this.#branches.length];
  }

  #update(branch: Branch, list: readonly Operation[]): void {
    const shadow = new Shadow({ twin: branch.twin, number: branch.cell.version });
    branch.cell.update((draft) => {
      for (const operation of list) shadow.apply(operation, draft);
    });
    this.#arrived(branch, shadow.twin);
  }

  #fork(branch: Branch): void {
    if (this.#branches.length === MOST_BRANCHES) return;
    const fork = { cell: branch.cell.fork(), twin: branch.twin, common: new Map(branch.common) };
    const parting = { index: branch.cell.read(), twin: branch.twin };
    for (const [other, version] of branch.common) other.common.set(fork, version);
    branch.common.set(fork, parting);
    fork.common.set(branch, parting);
    this.#branches.push(fork);
  }

  #merge(into: Branch, from: Branch, onConflict: 'error' | 'ours' | 'theirs' | number): void {
    const base = into.common.get(from) as Version;
    const [ours, theirs] = [into.cell.read(), from.cell.read()];
    const decide = (conflict: MergeConflict): Decision =>
      typeof onConflict === 'number'
        ? decisionOf(conflict, onConflict)
        : onConflict === 'error'
          ? 'ours'
          : onConflict;
    const { merged: twin, conflicts } = naiveMerge(this.#options, into.twin, from.twin, base.twin, decide);
    if (onConflict === 'error' && conflicts.length > 0) {
      const error = thrownBy(() => merge(ours, theirs, base.index));
      expect(error).toBeInstanceOf(MergeConflictError);
      expect((error as MergeConflictError).conflicts).toEqual(conflicts);
      this.#count(({ refused }) => ({ refused: refused + 1 }));
      return;
    }
    const asked: MergeConflict[] = [];
    const options: MergeOptions =
      onConflict === 'error'
        ? {}
        : typeof onConflict === 'string'
          ? { onConflict }
          : {
              onConflict: (conflict) => {
                asked.push(conflict as MergeConflict);
                return decide(conflict as MergeConflict);
              },
            };
    const merged = merge(ours, theirs, base.index, options);
    if (typeof onConflict === 'number') expect(asked).toEqual(conflicts);
    this.#expectNumber(merged, { ours, theirs, base: base.index }, differences(into.twin, twin).size > 0);
    into.cell.commitChanges(merged, { expected: ours });
    this.#arrived(into, twin);
    // What is theirs now was taken over, or decided upon.
    const taken = { index: theirs, twin: from.twin };
    const again = base.index.version > 0 && base.index !== theirs;
    into.common.set(from, taken);
    from.common.set(into, taken);
    this.#count(({ merges, conflicts: met, again: before, forFree }) => ({
      merges: merges + 1,
      conflicts: met + conflicts.length,
      again: before + (again ? 1 : 0),
      forFree: forFree + (merged === ours || merged === theirs ? 1 : 0),
    }));
  }

  /** A side as it is where there is nothing to bring together, else the successor of ours. */
  #expectNumber(
    merged: ShardexIndex,
    { ours, theirs, base }: { ours: ShardexIndex; theirs: ShardexIndex; base: ShardexIndex },
    differs: boolean,
  ): void {
    if (ours === base) expect(merged).toBe(theirs);
    else if (differs) expect(merged.version).toBe(ours.version + 1);
    else expect(merged).toBe(ours);
  }

  #arrived(branch: Branch, twin: NaiveTwin): void {
    branch.twin = twin;
    const index = branch.cell.read();
    expectSameContents(index, twin);
    this.#seen.push({ index, twin });
  }

  #count(change: (tally: Tally) => Partial<Tally>): void {
    if (this.#tally !== undefined) Object.assign(this.#tally, change(this.#tally));
  }
}

/** Some decision, always the same for the same posting and seed. */
function decisionOf({ documentId, start, length }: MergeConflict, seed: number): Decision {
  const decisions = ['ours', 'theirs', 'base', 'remove', [seed / 4, -1]] as const;
  return decisions[(documentId.charCodeAt(0) + 7 * start + 3 * length + seed) % decisions.length];
}
