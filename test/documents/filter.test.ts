import { InvalidFilterError } from 'shardex';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, test } from 'vitest';
import { parseFilter } from '../../src/documents/filter/parse.js';
import { predicateOf } from '../../src/documents/filter/predicate.js';
import { thrownBy } from '../support/thrown.js';

const parse = (filter: unknown) => parseFilter(filter as object);
const passes = (filter: unknown, metadata?: object, id = 'id'): boolean =>
  predicateOf(parse(filter).condition)(id, metadata as undefined);

function refusal(filter: unknown): InvalidFilterError {
  const error = thrownBy(() => parse(filter));
  expect(error).toBeInstanceOf(InvalidFilterError);
  expect((error as InvalidFilterError).code).toBe('INVALID_FILTER');
  return error as InvalidFilterError;
}

describe('what is no filter', () => {
  test.each([undefined, null, 5, 'year', [], new Date(), new Map(), () => true, /x/])('%o', (given) => {
    expect(refusal(given)).toMatchObject({ at: '' });
  });

  it('is an unknown operator, for which those are named that there are', () => {
    const error = refusal({ $or: [{ a: 1 }, { year: { $gtee: 1990 } }] });
    expect(error.at).toBe('$or[1].year.$gtee');
    expect(error.message).toContain('"$gtee"');
    for (const name of ['$gt', '$elemMatch', '$regex', '$options', '$nin'])
      expect(error.message).toContain(name);
    expect(refusal({ $xor: [] }).message).toMatch(/"\$xor".*\$and, \$or, \$nor\b/);
    expect(refusal({ $gt: 1 }).message).toContain('cannot stand');
    expect(refusal({ a: { $or: [] } }).message).toContain('$eq');
  });

  test.each<[unknown, string]>([
    [{ a: undefined }, 'a'],
    [{ a: { $eq: undefined } }, 'a.$eq'],
    [{ a: NaN }, 'a'],
    [{ a: { $lt: Infinity } }, 'a.$lt'],
    [{ a: 5 as unknown, b: () => 5 }, 'b'],
    [{ a: { $gt: new Date(0) } }, 'a.$gt'],
    [{ a: [1, [new Map()]] }, 'a[1][0]'],
    [{ a: { b: { c: Symbol('x') } } }, 'a.b.c'],
    [{ a: { $eq: /x/ } }, 'a.$eq'],
    [{ a: { $ne: /x/ } }, 'a.$ne'],
    [{ a: { $in: 5 } }, 'a.$in'],
    [{ a: { $in: [1, new Set()] } }, 'a.$in[1]'],
    [{ a: { $nin: {} } }, 'a.$nin'],
    [{ a: { $all: 5 } }, 'a.$all'],
    [{ a: { $exists: 1 } }, 'a.$exists'],
    [{ a: { $size: -1 } }, 'a.$size'],
    [{ a: { $size: '1' } }, 'a.$size'],
    [{ a: { $elemMatch: 5 } }, 'a.$elemMatch'],
    [{ a: { $not: 5 } }, 'a.$not'],
    [{ a: { $not: {} } }, 'a.$not'],
    [{ a: { $regex: 5 } }, 'a.$regex'],
    [{ a: { $regex: '(' } }, 'a.$regex'],
    [{ a: { $regex: 'x', $options: 'x' } }, 'a.$regex'],
    [{ a: { $regex: /x/, $options: 'i' } }, 'a.$regex'],
    [{ a: { $options: 'i' } }, 'a.$options'],
    [{ a: /x/y }, 'a'],
    [{ a: { $gt: 1, b: 2 } }, 'a.b'],
    [{ a: { $elemMatch: { $gt: 1, b: 2 } } }, 'a.$elemMatch.b'],
    [{ $and: [] }, '$and'],
    [{ $or: { a: 1 } }, '$or'],
    [{ $nor: [5] }, '$nor[0]'],
  ])('is %j', (filter, at) => {
    expect(refusal(filter).at).toBe(at);
  });

  it('is one that cannot be read, or is nested too deep', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    refusal(proxy);
    refusal({ a: proxy });
    const cause = new Error('no');
    const throwing = {
      get a() {
        throw cause;
      },
    };
    expect(refusal(throwing).cause).toBe(cause);
    const round: Record<string, unknown> = {};
    round.a = round;
    refusal(round);
    const joined: Record<string, unknown> = {};
    joined.$and = [joined];
    refusal(joined);
    const nots: Record<string, unknown> = {};
    nots.$not = nots;
    refusal({ a: nots });
  });
});

describe('a filter', () => {
  it('knows the names that objects inherit as names', () => {
    const filter = JSON.parse('{"__proto__": 1, "constructor": {"$exists": true}}') as object;
    expect(passes(filter, JSON.parse('{"__proto__": 1, "constructor": 0}') as object)).toBe(true);
    expect(passes(filter, { a: 1 })).toBe(false);
    expect(passes({ toString: { $exists: true } }, {})).toBe(false);
    expect(passes({ 'a.length': 2 }, { a: [1, 2] })).toBe(false);
    expect(passes({ a: { $eq: JSON.parse('{"__proto__": 1}') as object } }, { a: {} })).toBe(false);
  });

  it('knows a document by its id, but not an element of an array', () => {
    expect(passes({ documentId: { $in: ['x', 'y'] } }, undefined, 'y')).toBe(true);
    expect(passes({ documentId: 'x' }, { documentId: 'x' }, 'y')).toBe(false);
    expect(passes({ a: { $elemMatch: { documentId: 'x' } } }, { a: [{ documentId: 'x' }] }, 'y')).toBe(true);
  });

  it('is read once: what happens to it later changes nothing', () => {
    const values = [1];
    const regex = /a/g;
    const filter = { a: { $in: values }, b: { $eq: { c: [0] } }, c: regex };
    const predicate = predicateOf(parse(filter).condition);
    values.push(2);
    filter.b.$eq.c.push(1);
    regex.lastIndex = 5;
    expect(predicate('id', { a: 1, b: { c: [0] }, c: 'a' })).toBe(true);
    expect(predicate('id', { a: 1, b: { c: [0] }, c: 'a' })).toBe(true);
    expect(predicate('id', { a: 2, b: { c: [0] }, c: 'a' })).toBe(false);
  });

  it('may come from another realm', () => {
    const filter: unknown = runInNewContext('({ a: { $in: [/x/, { b: [1] }] } })');
    expect(passes(filter, { a: 'ax' })).toBe(true);
    expect(passes(filter, { a: { b: [1] } })).toBe(true);
  });

  it('has one text, however it is written', () => {
    const same = [
      { a: { $gte: 1, $lt: 5 }, b: { $in: [2, 1] } },
      { b: { $in: [1, 2] }, a: { $lt: 5, $gte: 1 } },
      {
        $and: [{ a: { $lt: 5 } }, { $and: [{ b: { $in: [1, 2] } }, { a: { $gte: 1 } }, { a: { $lt: 5 } }] }],
      },
    ];
    expect(new Set(same.map((filter) => parse(filter).text)).size).toBe(1);
    const others = [
      { a: 1 },
      { a: '1' },
      { a: [1] },
      { 'a.1': 1 },
      { documentId: 'a' },
      { a: { $ne: 1 } },
      { a: { $eq: { $gt: 1 } } },
      { a: { $gt: 1 } },
      { a: /1/ },
      { a: /1/i },
      { $nor: [{ a: 1 }, { b: 1 }] },
      { $or: [{ a: 1 }, { b: 1 }] },
    ];
    expect(new Set(others.map((filter) => parse(filter).text)).size).toBe(others.length);
  });
});
