import * as fc from 'fast-check';
import { ConflictError, WriterClosedError, type IndexWriter, type ShardexIndex } from 'shardex';
import { expect } from 'vitest';
import { shardsOfDocument } from '../../../src/version/shardex-index.js';
import { thrownBy } from '../../support/thrown.js';
import { type Operation, operations } from './operation.js';
import { type Outcome, outcomeOf } from './overlap.js';
import { Shadow } from './shadow.js';
import { type Model, type Real, expectPublished, expectVersion, hold } from './system.js';

/** Writers open at once. */
const MOST_WRITERS = 4;

/** Opens a writer on a cell; O(1), so it must not show anywhere. */
class Open implements fc.Command<Model, Real> {
  constructor(private readonly nth: number) {}

  check({ writers }: Readonly<Model>): boolean {
    return writers.length < MOST_WRITERS;
  }

  run(model: Model, real: Real): void {
    const cell = this.nth % model.cells.length;
    const { current, touches } = model.cells[cell];
    model.cells[cell].clones++;
    model.writers.push({ cell, shadow: new Shadow(current), since: touches.length });
    const writer = real.cells[cell].cloneForWrite();
    expect(writer.base).toBe(real.cells[cell].read());
    expect(writer.hasChanges).toBe(false);
    real.writers.push(writer);
  }

  toString(): string {
    return `open(${this.nth})`;
  }
}

abstract class OnWriter implements fc.Command<Model, Real> {
  constructor(protected readonly nth: number) {}

  check({ writers }: Readonly<Model>): boolean {
    return writers.length > 0;
  }

  abstract run(model: Model, real: Real): void;

  protected place({ writers }: Model): number {
    return this.nth % writers.length;
  }

  /** Expects that the writer is of no more use, and forgets it. */
  protected expectClosed(model: Model, real: Real): void {
    const at = this.place(model);
    model.writers.splice(at, 1);
    const [writer] = real.writers.splice(at, 1);
    expect(() => writer.commitChanges()).toThrow(WriterClosedError);
    expect(() => writer.preview()).toThrow(WriterClosedError);
    expect(() => writer.removeDocument('a')).toThrow(WriterClosedError);
    writer.discard();
  }
}

/** Operations on a writer, which nobody else must see. */
class Write extends OnWriter {
  constructor(
    nth: number,
    private readonly operations: readonly Operation[],
  ) {
    super(nth);
  }

  run(model: Model, real: Real): void {
    const at = this.place(model);
    const current = real.cells.map((cell) => cell.read());
    for (const operation of this.operations) model.writers[at].shadow.apply(operation, real.writers[at]);
    expect(real.cells.every((cell, i) => cell.read() === current[i])).toBe(true);
  }

  override toString(): string {
    return `write(${this.nth}, ${JSON.stringify(this.operations)})`;
  }
}

/** A writer sees its own writes; what it showed stays as it was while it goes on. */
class Preview extends OnWriter {
  run(model: Model, real: Real): void {
    const at = this.place(model);
    const { shadow } = model.writers[at];
    const version = real.writers[at].preview();

    const isBase = version === real.writers[at].base;
    if (!shadow.changed) expect(isBase).toBe(true);
    if (shadow.differs) expect(isBase).toBe(false);
    const number = shadow.base.number + (isBase ? 0 : 1);
    const expected = expectVersion(real, version, shadow.twin, number);
    hold(model, real, expected, version);
  }

  override toString(): string {
    return `preview(${this.nth})`;
  }
}

class Discard extends OnWriter {
  run(model: Model, real: Real): void {
    const at = this.place(model);
    const { cell } = model.writers[at];
    const current = real.cells[cell].read();
    real.writers[at].discard();
    model.cells[cell].discards++;
    expect(real.cells[cell].read()).toBe(current);
    this.expectClosed(model, real);
  }

  override toString(): string {
    return `discard(${this.nth})`;
  }
}

/** The model says which of the four things happens: nothing, a step, a rebase, or a conflict that names what. */
class Commit extends OnWriter {
  constructor(
    nth: number,
    private readonly onConflict: 'rebase' | 'fail',
  ) {
    super(nth);
  }

  run(model: Model, real: Real): void {
    const at = this.place(model);
    const { cell: cellAt, shadow, since } = model.writers[at];
    const cell = model.cells[cellAt];
    const recorded = cell.touches.slice(since);
    const writer = real.writers[at];
    const current = real.cells[cellAt].read();
    // Whether changes that undid each other count as changes is the library's to say; nothing else is.
    const { hasChanges } = writer;
    if (!shadow.changed) expect(hasChanges).toBe(false);
    if (shadow.differs) expect(hasChanges).toBe(true);

    const isBase = cell.current === shadow.base;
    if (isBase && recorded.length === 0) {
      if (hasChanges) expectPublished(model, real, cellAt, shadow.twin, this.#commit(writer));
      else expect(this.#commit(writer)).toBe(current);
    } else if (!isBase && hasChanges && this.onConflict === 'fail') {
      this.#expectConflict(model, real, { documents: [], postings: [] });
      return;
    } else {
      const outcome = outcomeOf(shadow.base.twin, shadow.twin, cell.current.twin, shadow.touched, recorded);
      if (outcome.documents.length > 0) {
        this.#expectConflict(model, real, outcome);
        return;
      }
      if (isBase ? hasChanges : shadow.differs) {
        if (!isBase) cell.rebases++;
        expectPublished(model, real, cellAt, outcome.merged, this.#commit(writer));
      } else {
        expect(this.#commit(writer)).toBe(current);
      }
    }
    cell.touches.push(shadow.touched);
    this.expectClosed(model, real);
  }

  #commit(writer: IndexWriter): ShardexIndex {
    return writer.commitChanges({ onConflict: this.onConflict }).index;
  }

  /** Nothing is published, and the writer is open as before. */
  #expectConflict(model: Model, real: Real, { documents, postings }: Omit<Outcome, 'merged'>): void {
    const at = this.place(model);
    const { cell, shadow } = model.writers[at];
    const current = real.cells[cell].read();
    const error = thrownBy(() => this.#commit(real.writers[at]));
    expect(error).toBeInstanceOf(ConflictError);
    const { baseVersion, currentVersion, ...named } = error as ConflictError;
    expect(baseVersion).toBe(shadow.base.number);
    expect(currentVersion).toBe(model.cells[cell].current.number);
    const ids = documents.flatMap((id) => shardsOfDocument(current, id).map((shard) => shard.id));
    const shards = [...new Set(ids)].sort((a, b) => a - b);
    expect(named).toMatchObject({ documents, postings, shards });
    expect(real.cells[cell].read()).toBe(current);
    model.cells[cell].conflicts++;
    const writer = real.writers[at];
    const number = shadow.base.number + (writer.hasChanges ? 1 : 0);
    expectVersion(real, writer.preview(), shadow.twin, number);
  }

  override toString(): string {
    return `commit(${this.nth}, '${this.onConflict}')`;
  }
}

/** Two writers made from one version, both written and then committed: most of what rebasing is about. */
class Race implements fc.Command<Model, Real> {
  constructor(
    private readonly nth: number,
    private readonly operations: readonly (readonly Operation[])[],
  ) {}

  check({ writers }: Readonly<Model>): boolean {
    return writers.length + this.operations.length <= MOST_WRITERS;
  }

  run(model: Model, real: Real): void {
    const first = model.writers.length;
    this.operations.forEach((list, i) => {
      new Open(this.nth).run(model, real);
      new Write(first + i, list).run(model, real);
    });
    this.operations.forEach(() => {
      const open = model.writers.length;
      new Commit(first, 'rebase').run(model, real);
      // After a conflict the writer is still open.
      if (model.writers.length === open) new Discard(first).run(model, real);
    });
  }

  toString(): string {
    return `race(${this.nth}, ${JSON.stringify(this.operations)})`;
  }
}

export const writerCommands: fc.Arbitrary<fc.Command<Model, Real>>[] = [
  fc.nat(2).map((nth) => new Open(nth)),
  fc.tuple(fc.nat(3), operations).map(([nth, list]) => new Write(nth, list)),
  fc.tuple(fc.nat(3), operations).map(([nth, list]) => new Write(nth, list)),
  fc.nat(3).map((nth) => new Preview(nth)),
  fc
    .tuple(fc.nat(2), fc.array(operations, { minLength: 2, maxLength: 3 }))
    .map(([nth, lists]) => new Race(nth, lists)),
  fc.tuple(fc.nat(3), fc.constantFrom('rebase', 'rebase', 'fail')).map(([nth, how]) => new Commit(nth, how)),
  fc.tuple(fc.nat(3), fc.constantFrom('rebase', 'rebase', 'fail')).map(([nth, how]) => new Commit(nth, how)),
  fc.nat(3).map((nth) => new Discard(nth)),
];
