import { ConfigError, createIndex, type ShardexOptions } from 'shardex';
import { describe, expect, test } from 'vitest';
import { isSlopFactor, isWhole, resolveConfig } from '../src/config.js';
import { thrownBy } from './support/thrown.js';

describe('the defaults', () => {
  test('are filled in, and the whole is frozen', () => {
    const config = resolveConfig({ dimensions: 384 });
    expect(config).toEqual({
      dimensions: 384,
      metric: 'cosine',
      indexed: [],
      shardCapacity: 512,
      slopFactor: 'auto',
      reassign: 64,
      seed: 0,
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  test.each([
    [1, 768],
    [256, 768],
    [257, 512],
    [10_000, 512],
  ])('are larger shards where rows are short: %i dimensions', (dimensions, shardCapacity) => {
    expect(resolveConfig({ dimensions }).shardCapacity).toBe(shardCapacity);
    expect(resolveConfig({ dimensions, shardCapacity: 600 }).shardCapacity).toBe(600);
  });

  test('stand for undefined too', () => {
    const given = { dimensions: 2, metric: undefined, seed: undefined } as unknown as ShardexOptions;
    expect(resolveConfig(given)).toEqual(resolveConfig({ dimensions: 2 }));
  });

  test('are copied from what is given, which stays the caller’s own', () => {
    const options = { dimensions: 2 };
    const { config } = createIndex(options);
    options.dimensions = 3;
    expect(config.dimensions).toBe(2);
    expect(Object.isFrozen(options)).toBe(false);
  });
});

const ALLOWED: { readonly [K in keyof ShardexOptions]-?: readonly unknown[] } = {
  dimensions: [1, 2, 384, 10_000],
  metric: ['cosine', 'euclidean', 'dot'],
  shardCapacity: [8, 9, 1_000_000],
  slopFactor: [1, 64, Number.MAX_SAFE_INTEGER, 'all', 'auto'],
  reassign: [0, 1, 100_000, 'strict'],
  seed: [0, 1, 0xffff_ffff],
  indexed: [[], ['year'], ['year', 'author.name', '__proto__']],
};

/** Wrong for each of them. */
const NEVER = [
  null,
  -1,
  1.5,
  Number.NaN,
  Infinity,
  -Infinity,
  '8',
  '',
  {},
  [8],
  true,
  false,
  8n,
  Symbol('8'),
  () => 8,
];

const REFUSED: { readonly [K in keyof ShardexOptions]-?: readonly unknown[] } = {
  dimensions: [...NEVER, 0, 10_001, undefined],
  metric: [...NEVER, 0, 'Cosine', 'l2', 'toString'],
  shardCapacity: [...NEVER, 0, 7, 1_000_001, 'all'],
  slopFactor: [...NEVER, 0, Number.MAX_SAFE_INTEGER + 1, 'strict', 'none'],
  reassign: [...NEVER, 100_001, 'all', 'auto'],
  seed: [...NEVER, 2 ** 32],
  indexed: [...NEVER, [''], ['a.'], ['a..b'], [1], Array.from({ length: 65 }, (_, i) => `f${i}`)],
};

describe.each(Object.keys(ALLOWED) as (keyof ShardexOptions)[])('%s', (name) => {
  test.each(ALLOWED[name].map((value) => [value]))('may be %o', (value) => {
    expect(resolveConfig({ dimensions: 2, [name]: value })[name]).toEqual(value);
  });

  test.each(REFUSED[name].map((value) => [value]))('may not be %o', (value) => {
    const error = thrownBy(() => createIndex({ dimensions: 2, [name]: value }));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ code: 'INVALID_CONFIG', option: name });
    expect(String(error)).toContain(`${name} must be`);
  });
});

describe('the options as a whole', () => {
  test('must name the dimensions', () => {
    expect(thrownBy(() => createIndex({} as ShardexOptions))).toMatchObject({ option: 'dimensions' });
  });

  test('may have no strangers among them', () => {
    for (const stranger of ['dimension', 'Metric', 'capacity', '__proto__x', '']) {
      const error = thrownBy(() => createIndex({ dimensions: 2, [stranger]: 1 }));
      expect(error).toBeInstanceOf(ConfigError);
      expect(error).toMatchObject({ option: stranger });
    }
  });

  test.each([[null], [undefined], [384], ['384'], [() => 1], [Symbol('x')]])('may not be %o', (options) => {
    expect(thrownBy(() => createIndex(options as unknown as ShardexOptions))).toBeInstanceOf(ConfigError);
  });

  test('are checked before the postings are looked at', () => {
    const postings = {
      [Symbol.iterator]: () => {
        throw new Error('looked at');
      },
    };
    expect(() => createIndex({ dimensions: 0 }, postings)).toThrow(ConfigError);
  });
});

describe('the checks', () => {
  test('isWhole takes the bounds in', () => {
    expect([1, 2, 3, 4].map((value) => isWhole(value, 2, 3))).toEqual([false, true, true, false]);
    expect(isWhole('2', 2, 3)).toBe(false);
  });

  test('isSlopFactor', () => {
    expect([0, 1, 1.5, 'all', 'auto', 'ALL', null].map(isSlopFactor)).toEqual([
      false,
      true,
      false,
      true,
      true,
      false,
      false,
    ]);
  });
});
