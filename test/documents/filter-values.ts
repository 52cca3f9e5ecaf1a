// Metadata and filters by chance, small enough that filters hit.
import fc from 'fast-check';
import type { JsonValue, Metadata } from 'shardex';

const scalar = fc.oneof(
  fc.constantFrom<JsonValue>(null, true, false, '', 'a', 'ab', 'b'),
  fc.integer({ min: -1, max: 3 }),
);
const inner = fc.dictionary(fc.constantFrom('x', 'y'), fc.oneof(scalar, fc.array(scalar, { maxLength: 2 })), {
  maxKeys: 2,
  noNullPrototype: true,
});
const value: fc.Arbitrary<JsonValue> = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 2, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  { weight: 1, arbitrary: inner },
  { weight: 2, arbitrary: fc.array(fc.oneof(inner, scalar), { maxLength: 3 }) },
);

/** Fields that metadata may have. */
export const FIELDS = ['a', 'b', 'c'] as const;

/** Paths that filters ask for. */
export const PATHS = ['a', 'b', 'c', 'a.x', 'b.y', 'a.0', 'c.x'] as const;

/** Metadata, or none. */
export const metadata: fc.Arbitrary<Metadata | undefined> = fc.option(
  fc.dictionary(fc.constantFrom(...FIELDS), value, { maxKeys: 3, noNullPrototype: true }),
  { nil: undefined, freq: 8 },
);

const regex = fc.constantFrom(/^a/, /b$/);
const operators: fc.Arbitrary<unknown> = fc.oneof(
  fc.record({ $eq: value }),
  fc.record({ $ne: scalar }),
  fc.record({ $gt: scalar }),
  fc.record({ $gte: scalar, $lt: scalar }),
  fc.record({ $lte: scalar }),
  fc.record({ $in: fc.array(fc.oneof(scalar, regex), { maxLength: 3 }) }),
  fc.record({ $nin: fc.array(fc.oneof(scalar, regex), { maxLength: 2 }) }),
  fc.record({ $exists: fc.boolean() }),
  fc.record({ $size: fc.nat(3) }),
  fc.record({ $all: fc.array(scalar, { maxLength: 2 }) }),
  fc.record({ $elemMatch: fc.record({ $gte: scalar }) }),
  fc.record({ $elemMatch: fc.record({ x: scalar }) }),
);
const asked = fc.oneof(operators, scalar, regex, fc.record({ $not: operators }));

/** Filters by the paths and by `documentId`, of ids that `ids` makes. */
export function filters(ids: fc.Arbitrary<string>): fc.Arbitrary<object> {
  const byId = fc.oneof(
    ids,
    fc.record({ $in: fc.array(ids, { maxLength: 4 }) }),
    fc.record({ $gt: ids }),
    fc.record({ $ne: ids }),
  );
  const { filter } = fc.letrec<{ filter: object }>((tie) => {
    const several = fc.array(tie('filter'), { minLength: 1, maxLength: 3 });
    return {
      filter: fc.oneof(
        { maxDepth: 2 },
        fc.dictionary(fc.constantFrom<string>(...PATHS), asked, {
          minKeys: 1,
          maxKeys: 2,
          noNullPrototype: true,
        }),
        fc.record({ documentId: byId }),
        several.map(($and): object => ({ $and })),
        several.map(($or): object => ({ $or })),
        several.map(($nor): object => ({ $nor })),
      ),
    };
  });
  return filter;
}
