import fc from 'fast-check';
import { Query } from 'mingo';
import type { Filter, Metadata, JsonValue } from 'shardex';
import { describe, expect, it, test } from 'vitest';
import { parseFilter } from '../../src/documents/filter/parse.js';
import { predicateOf } from '../../src/documents/filter/predicate.js';

/*
 * Filters beside mingo, which queries objects in MongoDB's language. It departs from MongoDB in what the last test lists;
 * documents and filters are drawn such that this makes no difference.
 */

const ours = (filter: object, document: Metadata): boolean =>
  predicateOf(parseFilter(filter).condition)('id', document);
const mingos = (filter: object, document: Metadata): boolean => new Query(filter).test(document);

type Asked = fc.Arbitrary<Record<string, unknown>>;

const dictionary = <T>(names: readonly string[], values: fc.Arbitrary<T>, maxKeys: number) =>
  fc.dictionary(fc.constantFrom(...names), values, { maxKeys, noNullPrototype: true });

const something = fc.oneof(
  fc.constantFrom<JsonValue>(true, false, '', 'a', 'ab', 'b'),
  fc.integer({ min: -1, max: 3 }),
);
const scalar = fc.oneof({ weight: 5, arbitrary: something }, fc.constant(null));
const scalars = fc.array(scalar, { maxLength: 3 });
const documents: fc.Arbitrary<Metadata> = fc.record(
  {
    value: fc.oneof(scalar, scalars),
    object: dictionary(['x', 'y', '0', '__proto__'], fc.oneof(scalar, scalars), 3),
    list: scalars,
    objects: fc.array(fc.record({ x: scalar, y: scalar }), { minLength: 1, maxLength: 3 }),
  },
  { requiredKeys: [] },
);

const regex = fc.constantFrom(/^a/, /b$/, /A/i);
const among = (values: fc.Arbitrary<JsonValue>) => fc.array(fc.oneof(values, regex), { maxLength: 3 });
const compared = (values: fc.Arbitrary<JsonValue>): Asked =>
  fc.oneof(
    fc.record({ $eq: values }),
    fc.record({ $ne: values }),
    fc.record({ $gt: something }),
    fc.record({ $gte: something }),
    fc.record({ $lt: something }),
    fc.record({ $lte: something, $gt: something }),
    fc.record({ $in: among(values) }),
    fc.record({ $nin: among(values) }),
    fc.record({ $exists: fc.boolean() }),
    fc.record({ $regex: fc.constantFrom('^a', 'b$', 'A'), $options: fc.constantFrom('', 'i') }),
  );
const ofArrays: Asked = fc.oneof(
  fc.record({ $eq: fc.array(scalar, { maxLength: 2 }) }),
  fc.record({ $size: fc.nat(3) }),
  fc.record({ $elemMatch: compared(scalar) }),
);
const all: Asked = fc.record({ $all: fc.array(something, { maxLength: 2 }) });
const ofObjects: Asked = fc.record({
  $elemMatch: fc.oneof(
    dictionary(['x', 'y'], compared(scalar), 2),
    fc.record({ $or: fc.tuple(fc.record({ x: compared(scalar) }), fc.record({ y: scalar })) }),
  ),
});

const asking = (operators: Asked, ...plain: fc.Arbitrary<unknown>[]): fc.Arbitrary<unknown> =>
  fc.oneof(operators, fc.record({ $not: operators }), ...plain);
const field = (path: fc.Arbitrary<string>, asked: fc.Arbitrary<unknown>) =>
  fc.tuple(path, asked).map(([name, value]) => ({ [name]: value }));

const fields = fc.oneof(
  field(fc.constantFrom('value', 'list'), asking(fc.oneof(compared(scalar), ofArrays), scalar, regex)),
  field(fc.constantFrom('object.x', 'object.0'), asking(fc.oneof(compared(scalar), ofArrays), scalar, regex)),
  field(fc.constantFrom('list', 'object.none'), asking(all)),
  field(fc.constantFrom('list.0', 'value.1'), asking(compared(something), something)),
  field(fc.constantFrom('objects.x', 'objects.y'), asking(compared(scalar), scalar, regex)),
  field(fc.constantFrom('objects'), asking(ofObjects)),
);
const { filter } = fc.letrec<{ filter: object }>((tie) => {
  const filters = fc.array(tie('filter'), { minLength: 1, maxLength: 2 });
  return {
    filter: fc.oneof(
      { maxDepth: 2 },
      fields,
      fc.tuple(fields, fields).map(([a, b]): object => ({ ...a, ...b })),
      filters.map(($and): object => ({ $and })),
      filters.map(($or): object => ({ $or })),
      filters.map(($nor): object => ({ $nor })),
    ),
  };
});

describe('filters beside mingo', () => {
  it('let the same documents pass', () => {
    const passed = [0, 0];
    fc.assert(
      fc.property(filter, documents, (asked, document) => {
        const passes = ours(asked, document);
        passed[Number(passes)]++;
        expect(passes).toBe(mingos(asked, document));
      }),
      { numRuns: 5000 },
    );
    // Neither answer is the common one, which a filter that does nothing would give.
    expect(Math.min(...passed)).toBeGreaterThan(1000);
  });

  test.each<[Filter, Metadata, boolean, string]>([
    [{ a: { $gte: null } }, {}, true, 'a missing field is equal to null, so it is not less'],
    [{ a: { $all: [1] } }, { a: 1 }, true, '$all of one value is $eq'],
    [{ a: { $all: [[1]] } }, { a: [1] }, true, '$all of an array is $eq of that array'],
    [{ 'a.b': null }, { a: [{ b: 1 }, {}] }, true, 'one of the objects lacks the field'],
    [{ 'a.1': null }, { a: [1] }, false, 'an array without such an element leads nowhere'],
    [{ 'a.b': { $size: 0 } }, { a: [1] }, false, 'what a path leads to is no array'],
    [{ a: { $in: [[1]] } }, { a: [1] }, true, '$in is $eq of one of the values'],
    [{ a: { $gt: [1] } }, { a: [2] }, true, 'arrays are compared with arrays'],
    [{ a: { b: 1, c: 2 } }, { a: { c: 2, b: 1 } }, false, 'objects have their fields in an order'],
    [
      { a: { $elemMatch: { $gt: 1 } } },
      { a: [[2]] },
      false,
      '$elemMatch does not look into arrays in the array',
    ],
    [{ a: { $elemMatch: { b: { $gt: 1 } } } }, { a: [5, 2] }, false, 'a number has no fields'],
  ])('departs from mingo as MongoDB does: %j on %j', (asked, document, passes) => {
    expect(ours(asked, document)).toBe(passes);
    expect(mingos(asked, document)).toBe(!passes);
  });
});
