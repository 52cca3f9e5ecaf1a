import type { Filter, JsonValue } from 'shardex';
import { describe, expectTypeOf, it } from 'vitest';

/* The compiler is the test: `npm run typecheck` fails where one of these lines says less or more than it should. */

interface Film {
  title: string;
  year: number;
  seen: boolean;
  tags: string[];
  genre: 'crime' | 'drama';
  rating?: number | null;
  cast: { name: string; age: number; roles: string[] }[];
  studio: { name: string; address: { city: string } };
  extra: Record<string, JsonValue>;
}

const takes = (filter: Filter<Film>): unknown => filter;
const takesAny = (filter: Filter): unknown => filter;

describe('Filter<M>', () => {
  it('takes fields by value, regular expression and operator', () => {
    takes({});
    takes({ title: 'Heat', year: 1995, seen: true, genre: 'crime', rating: null });
    takes({ title: /heat/i, year: { $gte: 1990, $lt: 2000 }, genre: { $in: ['crime', /^d/] } });
    takes({ rating: { $exists: false }, title: { $regex: '^h', $options: 'i' }, year: { $not: { $gt: 3 } } });
    takes({ documentId: { $in: ['a', 'b'] }, $or: [{ seen: true }, { $nor: [{ documentId: /^x/ }] }] });
    takes({ title: { $not: /x/ }, year: { $nin: [1, null], $ne: 2 } });
  });

  it('takes arrays by an element, as a whole and by operators of theirs', () => {
    takes({ tags: 'crime' });
    takes({ tags: ['crime', 'heist'] as const });
    takes({ tags: { $all: ['crime', /^h/], $size: 2, $elemMatch: { $gte: 'a', $lt: 'b' } } });
    takes({ cast: { $elemMatch: { name: 'Al', age: { $gt: 50 }, roles: 'lead' } } });
    takes({ cast: { $all: [{ $elemMatch: { name: 'Al' } }], $size: 1 } });
    takes({ tags: /crime/ });
  });

  it('takes dotted paths, through arrays too', () => {
    takes({ 'studio.name': 'x', 'studio.address.city': { $gt: 'a' }, 'cast.name': 'Al', 'cast.0.age': 5 });
    takes({ 'cast.roles': 'lead', 'tags.0': 'crime', 'extra.anything.at.all': 1 });
  });

  it('refuses unknown fields and paths', () => {
    // @ts-expect-error: no such field
    takes({ yaer: 1995 });
    // @ts-expect-error: no such path
    takes({ 'studio.nme': 'x' });
    // @ts-expect-error: no such field in a filter of filters
    takes({ $and: [{ yaer: 1 }] });
    // @ts-expect-error: no such field of the elements
    takes({ cast: { $elemMatch: { nme: 'x' } } });
    expectTypeOf<'yaer'>().not.toExtend<keyof Filter<Film>>();
  });

  it('refuses values and operators that do not fit the type of the field', () => {
    // @ts-expect-error: a number
    takes({ year: '1995' });
    // @ts-expect-error: a number
    takes({ year: { $gte: '1990' } });
    // @ts-expect-error: no text to match
    takes({ year: /199/ });
    // @ts-expect-error: no text to match
    takes({ year: { $regex: '199' } });
    // @ts-expect-error: no array
    takes({ year: { $size: 2 } });
    // @ts-expect-error: no array
    takes({ title: { $elemMatch: { $gt: 'a' } } });
    // @ts-expect-error: no such genre
    takes({ genre: 'comedy' });
    // @ts-expect-error: an array of values
    takes({ year: { $in: 1995 } });
    // @ts-expect-error: no such operator
    takes({ year: { $near: 1995 } });
    // @ts-expect-error: a number
    takes({ 'cast.age': 'old' });
    // @ts-expect-error: a string
    takes({ documentId: 5 });
    // @ts-expect-error: elements are strings
    takes({ tags: { $all: [5] } });
    // @ts-expect-error: true or false
    takes({ rating: { $exists: 1 } });
  });

  it('takes any path where the metadata have no stated type', () => {
    takesAny({ anything: { $gt: 5 }, 'a.b.c': [1, { d: null }], e: /x/, $or: [{ f: { $in: [1, /x/] } }] });
    const plain: Filter<object> = { anything: 5 };
    expectTypeOf(plain).not.toExtend<Filter>();
    expectTypeOf<Filter<Film>>().toExtend<typeof plain>();
    // @ts-expect-error: no JSON value
    takesAny({ when: new Date() });
  });
});
