import * as fc from 'fast-check';
import type { KeyInput, Posting } from 'shardex';
import { dyadicVector, integerBelow, pick, seeded } from '../../support/random.js';

/** One call on a draft, as data, so that a failing sequence of them can be read and kept. */
export type Operation =
  | { readonly kind: 'add'; readonly posting: Posting }
  | { readonly kind: 'batch'; readonly postings: readonly Posting[] }
  /** So many postings that shards split again and again; made from a seed, so that a report of it stays short. */
  | { readonly kind: 'bulk'; readonly seed: number; readonly count: number }
  | { readonly kind: 'remove'; readonly documentIds: readonly string[] }
  | { readonly kind: 'take out'; readonly keys: readonly KeyInput[] }
  | { readonly kind: 'replace'; readonly documentId: string; readonly postings: readonly Posting[] }
  | {
      readonly kind: 'put';
      readonly documentId: string;
      readonly record: GivenRecord;
      readonly postings: readonly Posting[];
    }
  | { readonly kind: 'text'; readonly documentId: string; readonly text: number | undefined }
  | { readonly kind: 'metadata'; readonly documentId: string; readonly metadata: GivenRecord['metadata'] }
  /** Sets a field, or takes it out. */
  | {
      readonly kind: 'edit';
      readonly documentId: string;
      readonly name: string;
      readonly value: number | undefined;
    }
  /** A batch with a posting that is refused: it must leave no trace, and the draft usable. */
  | { readonly kind: 'refused'; readonly postings: readonly Posting[] };

/** What an operation gives a document beside its postings. */
export interface GivenRecord {
  readonly text: number | undefined;
  readonly metadata: Readonly<Record<string, number>> | undefined;
}

/** A text that is long enough for every posting there is. */
export function textOf(text: number | undefined): string | undefined {
  return text === undefined ? undefined : String(text).padEnd(40, '.');
}

export const DIMENSIONS = 2;

/** Few documents and few keys, so that operations meet; ids that an object or a joined text would confuse. */
const DOCUMENTS = ['a', 'b', 'c', 'd', '0', '__proto__', '1:2:a', '\ud83d\ude00'] as const;

/** Bulks hold documents of their own and one that others hold too, so that they merge with some writers only. */
const BULK_DOCUMENTS = ['a', 'x', 'y', 'z'] as const;

const documentId = fc.constantFrom(...DOCUMENTS, 'x');

/** Multiples of 1/4: sums of their products are exact, and equal distances are frequent. */
const component = fc.oneof(
  { weight: 30, arbitrary: fc.integer({ min: -4, max: 4 }).map((n) => n / 4) },
  { weight: 1, arbitrary: fc.constant(-0) },
);

export const vector = fc.array(component, { minLength: DIMENSIONS, maxLength: DIMENSIONS });

function postingOf(id: fc.Arbitrary<string>): fc.Arbitrary<Posting> {
  return fc.record({ documentId: id, start: fc.nat(2), length: fc.nat(1), vector });
}

const key: fc.Arbitrary<KeyInput> = fc.record({
  documentId,
  start: fc.nat(2),
  length: fc.nat(1),
});

const batch = (id: fc.Arbitrary<string>, most: number): fc.Arbitrary<Posting[]> =>
  fc.array(postingOf(id), { maxLength: most });

const NAMES = ['a', 'b', 'constructor'] as const;
const value = fc.option(fc.nat(2), { nil: undefined });
const text = fc.option(fc.nat(1), { nil: undefined, freq: 2 });
const metadata = fc.option(
  fc
    .subarray([...NAMES], { minLength: 0 })
    .chain((names) => fc.tuple(...names.map((name) => fc.tuple(fc.constant(name), fc.nat(2)))))
    .map((entries) => Object.fromEntries(entries)),
  { nil: undefined },
);

/** Of records, with which the documents of few operations meet. */
const recordOperation: fc.Arbitrary<Operation> = documentId.chain((id) =>
  fc.oneof(
    fc.record({
      kind: fc.constant('put'),
      documentId: fc.constant(id),
      record: fc.record({ text, metadata }),
      postings: batch(fc.constant(id), 3),
    }),
    fc.record({ kind: fc.constant('text'), documentId: fc.constant(id), text }),
    fc.record({ kind: fc.constant('metadata'), documentId: fc.constant(id), metadata }),
    fc.record({
      kind: fc.constant('edit'),
      documentId: fc.constant(id),
      name: fc.constantFrom(...NAMES),
      value,
    }),
    fc.record({
      kind: fc.constant('edit'),
      documentId: fc.constant(id),
      name: fc.constantFrom(...NAMES),
      value,
    }),
  ),
);

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('add'), posting: postingOf(documentId) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('batch'), postings: batch(documentId, 9) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('bulk'),
      seed: fc.nat(999),
      count: fc.integer({ min: 20, max: 90 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('remove'),
      documentIds: fc.array(documentId, { maxLength: 2 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('take out'), keys: fc.array(key, { maxLength: 3 }) }),
  },
  {
    weight: 2,
    arbitrary: documentId.chain((id) =>
      fc.record({
        kind: fc.constant('replace'),
        documentId: fc.constant(id),
        postings: batch(fc.constant(id), 5),
      }),
    ),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('refused'), postings: batch(documentId, 4) }) },
);

/** Of postings alone. */
export const postingOperations = fc.array(operation, { minLength: 1, maxLength: 3 });

export const operations = fc.array(
  fc.oneof({ weight: 3, arbitrary: operation }, { weight: 2, arbitrary: recordOperation }),
  { minLength: 1, maxLength: 3 },
);

/** The postings of a bulk: clustered by their seed, with keys that other bulks share. */
export function bulk(seed: number, count: number): Posting[] {
  const random = seeded(seed);
  return Array.from({ length: count }, () => ({
    documentId: pick(random, BULK_DOCUMENTS),
    start: integerBelow(random, 30),
    length: 1,
    vector: dyadicVector(random, DIMENSIONS, 1 + (seed % 3)),
  }));
}
