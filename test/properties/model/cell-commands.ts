import * as fc from 'fast-check';
import { ConflictError, search, update, type ShardexIndex } from 'shardex';
import { expect } from 'vitest';
import { thrownBy } from '../../support/thrown.js';
import { type Operation, operations, vector } from './operation.js';
import { Shadow } from './shadow.js';
import { type Model, type ModelVersion, type Real, addCell, expectPublished, hold } from './system.js';

const MOST_CELLS = 3;

abstract class OnCell implements fc.Command<Model, Real> {
  check(model: Readonly<Model>): boolean {
    return model.cells.length > 0;
  }

  abstract run(model: Model, real: Real): void;
}

/** A synchronous update: published at once, or not at all if the recipe throws. */
class Update extends OnCell {
  constructor(
    private readonly nth: number,
    private readonly operations: readonly Operation[],
    private readonly fails: boolean,
  ) {
    super();
  }

  run(model: Model, real: Real): void {
    const at = this.nth % model.cells.length;
    const cell = model.cells[at];
    const shadow = new Shadow(cell.current);
    const before = real.cells[at].read();
    cell.clones++;
    const change = (): ShardexIndex =>
      real.cells[at].update((draft) => {
        for (const operation of this.operations) shadow.apply(operation, draft);
        if (this.fails) throw new RangeError('the recipe failed');
      }).index;
    if (this.fails) {
      expect(change).toThrow('the recipe failed');
      cell.discards++;
      expect(real.cells[at].read()).toBe(before);
      return;
    }
    const after = change();
    cell.touches.push(shadow.touched);
    if (shadow.differs) expect(after).not.toBe(before);
    if (!shadow.changed) expect(after).toBe(before);
    if (after === before) expect(real.cells[at].read()).toBe(before);
    else expectPublished(model, real, at, shadow.twin, after);
  }

  override toString(): string {
    return `update(${this.nth}, ${JSON.stringify(this.operations)}, ${this.fails})`;
  }
}

/** A version that is current somewhere or held, in the model and in reality. */
function someVersion(
  model: Model,
  real: Real,
  nth: number,
): { expected: ModelVersion; version: ShardexIndex } {
  const at = nth % (model.cells.length + model.held.length);
  if (at < model.cells.length) return { expected: model.cells[at].current, version: real.cells[at].read() };
  const held = at - model.cells.length;
  return { expected: model.held[held], version: real.held[held].version };
}

/** The next version of any version, made by a pure function and published if its base is the current one (I3). */
class PureUpdate extends OnCell {
  constructor(
    /** The version to start from; by default the current one of the cell to publish in. */
    private readonly base: number | undefined,
    private readonly nth: number,
    private readonly operations: readonly Operation[],
  ) {
    super();
  }

  run(model: Model, real: Real): void {
    const at = this.nth % model.cells.length;
    const { expected, version } = someVersion(model, real, this.base ?? at);
    const current = real.cells[at].read();
    const shadow = new Shadow(expected);
    const next = update(version, (draft) => {
      for (const operation of this.operations) shadow.apply(operation, draft);
    });
    const commit = (): ShardexIndex => real.cells[at].commitChanges(next, { expected: version }).index;
    if (next === version) {
      expect(shadow.differs).toBe(false);
      expect(commit()).toBe(current);
    } else if (expected === model.cells[at].current) {
      expectPublished(model, real, at, shadow.twin, commit());
    } else {
      const error = thrownBy(commit);
      expect(error).toBeInstanceOf(ConflictError);
      expect(error).toMatchObject({ baseVersion: expected.number, documents: [], postings: [], shards: [] });
      expect(real.cells[at].read()).toBe(current);
      model.cells[at].conflicts++;
    }
  }

  override toString(): string {
    return `pureUpdate(${this.base ?? 'current'}, ${this.nth}, ${JSON.stringify(this.operations)})`;
  }
}

/** Publishes an old version again, or one of another fork: a new number, the old contents. */
class Restore extends OnCell {
  constructor(
    private readonly from: number,
    private readonly nth: number,
  ) {
    super();
  }

  run(model: Model, real: Real): void {
    const at = this.nth % model.cells.length;
    const { expected, version } = someVersion(model, real, this.from);
    const current = real.cells[at].read();
    const { index: after } = real.cells[at].commitChanges(version, { expected: current });
    if (version === current) expect(after).toBe(current);
    else expectPublished(model, real, at, expected.twin, after);
  }

  override toString(): string {
    return `restore(${this.from}, ${this.nth})`;
  }
}

/** A second cell from any version: from there on the two append to the same blocks and must not meet (I1). */
class Fork extends OnCell {
  constructor(private readonly from: number) {
    super();
  }

  override check({ cells }: Readonly<Model>): boolean {
    return cells.length < MOST_CELLS;
  }

  run(model: Model, real: Real): void {
    const { expected, version } = someVersion(model, real, this.from);
    addCell(model, real, expected, version);
  }

  override toString(): string {
    return `fork(${this.from})`;
  }
}

class Hold extends OnCell {
  constructor(private readonly nth: number) {
    super();
  }

  run(model: Model, real: Real): void {
    const at = this.nth % model.cells.length;
    hold(model, real, model.cells[at].current, real.cells[at].read());
  }

  override toString(): string {
    return `hold(${this.nth})`;
  }
}

/** An exact search of any version, new or old, finds what the twin finds: order, distances and scores, bit for bit. */
class Search extends OnCell {
  constructor(
    private readonly from: number,
    private readonly query: readonly number[],
    private readonly k: number,
    private readonly distinct: 'posting' | 'document',
    private readonly modulus: number,
  ) {
    super();
  }

  run(model: Model, real: Real): void {
    const { expected, version } = someVersion(model, real, this.from);
    const options = {
      k: this.k,
      distinct: this.distinct,
      filter: ({ documentId, start }: { documentId: string; start: number }): boolean =>
        (start + documentId.length) % this.modulus === 0,
    };
    const found = search(version, this.query, { ...options, slopFactor: 'all' });
    expect(found).toEqual(expected.twin.search(this.query, options));
  }

  override toString(): string {
    return `search(${this.from}, [${this.query.join()}], ${this.k}, '${this.distinct}', ${this.modulus})`;
  }
}

export const cellCommands: fc.Arbitrary<fc.Command<Model, Real>>[] = [
  fc
    .tuple(fc.nat(2), operations, fc.integer({ min: 0, max: 7 }))
    .map(([nth, list, dice]) => new Update(nth, list, dice === 0)),
  fc
    .tuple(fc.option(fc.nat(9), { freq: 1, nil: undefined }), fc.nat(2), operations)
    .map(([base, nth, list]) => new PureUpdate(base, nth, list)),
  fc.tuple(fc.nat(9), fc.nat(2)).map(([from, nth]) => new Restore(from, nth)),
  fc.nat(9).map((from) => new Fork(from)),
  fc.nat(2).map((nth) => new Hold(nth)),
  fc
    .tuple(
      fc.nat(9),
      vector,
      fc.integer({ min: 1, max: 30 }),
      fc.constantFrom('posting', 'document'),
      fc.integer({ min: 1, max: 3 }),
    )
    .map(([from, query, k, distinct, modulus]) => new Search(from, query, k, distinct, modulus)),
];
