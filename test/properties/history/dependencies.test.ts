import { expect, test } from 'vitest';
import { checkDependencies } from './dependencies.js';
import { type Event, type Isolation, placeOf } from './record.js';

/* Records made by hand, each with one fault, or with something that looks like one. */

/** What a transaction saw in documents and then appended, and the version that it published. */
interface Written {
  readonly actor?: string;
  readonly isolation?: Isolation;
  readonly saw?: Readonly<Record<string, readonly number[]>>;
  readonly appends?: Readonly<Record<string, number>>;
}

function kinds(
  transactions: readonly Written[],
  seen: Readonly<Record<string, readonly number[]>>,
): string[] {
  const events: Event[] = [{ kind: 'start', version: 0, state: new Map() }];
  transactions.forEach(({ actor, isolation = 'serializable', saw = {}, appends = {} }, transaction) => {
    events.push({ kind: 'begin', actor: actor ?? `actor ${transaction}`, transaction, isolation, base: 0 });
    for (const [document, values] of Object.entries(saw))
      events.push({ kind: 'saw', transaction, document, values });
    for (const [document, value] of Object.entries(appends))
      events.push({ kind: 'append', transaction, document, place: placeOf(document, 0), value });
    events.push({ kind: 'committing', transaction });
    const version = transaction + 1;
    events.push({ kind: 'committed', transaction, previous: transaction, version, state: new Map() });
  });
  const state = new Map(
    Object.entries(seen).flatMap(([document, values]) =>
      values.map((value, start) => [placeOf(document, start), value] as const),
    ),
  );
  events.push({ kind: 'look', actor: 'reader', snapshot: 0, version: transactions.length, state });
  return checkDependencies(events).map(({ what }) => what.replace(/.*cycle of /, ''));
}

test('writes in opposite orders', () => {
  const transactions = [{ appends: { a: 1, b: 2 } }, { appends: { a: 3, b: 4 } }];
  expect(kinds(transactions, { a: [1, 3], b: [2, 4] })).toEqual([]);
  expect(kinds(transactions, { a: [1, 3], b: [4, 2] })).toContain('writes and reads');
});

test('each read what the other one wrote', () => {
  const transactions = [
    { appends: { a: 1 }, saw: { b: [2] } },
    { appends: { b: 2 }, saw: { a: [1] } },
  ];
  expect(kinds(transactions, { a: [1], b: [2] })).toContain('writes and reads');
});

test('one that saw half of another one', () => {
  const transactions = [{ appends: { a: 1, b: 2 } }, { saw: { a: [1], b: [] } }];
  expect(kinds(transactions, { a: [1], b: [2] })).toContain('a read that missed one write');
});

test('an actor that does not see what it did before', () => {
  const transactions = [
    { actor: 'x', appends: { a: 1 } },
    { actor: 'x', saw: { a: [] } },
  ];
  expect(kinds(transactions, { a: [1] })).toContain('a read that missed one write');
});

test('two that each miss what the other one writes are refused only where both may rely on what they read', () => {
  const skewed = (isolation: Isolation): Written[] => [
    { isolation, saw: { a: [], b: [] }, appends: { a: 1 } },
    { isolation, saw: { a: [], b: [] }, appends: { b: 2 } },
  ];
  expect(kinds(skewed('serializable'), { a: [1], b: [2] })).toContain('reads that missed writes');
  expect(kinds(skewed('snapshot'), { a: [1], b: [2] })).toEqual([]);
});

test('lists that nobody can have read in one history', () => {
  const transactions = [{ appends: { a: 1 } }, { appends: { a: 2 } }, { saw: { a: [2, 1] } }];
  expect(kinds(transactions, { a: [1, 2] })).toContain('snapshot 0 read a in an order that others did not');
});
