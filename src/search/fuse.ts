// `fuse`: joins lists of results into one by their ranks (reciprocal rank fusion).
import { assertFunction, show } from '../config.js';
import { fieldOf, iterated, takeOptions } from '../checks/given.js';
import { InvalidOptionError } from '../errors.js';
import { keyText } from '../version/posting.js';

/** How {@link fuse} joins lists. */
export interface FuseOptions<Hit> {
  /** How much each list counts, in their order; 0 or more. Default 1 each. */
  readonly weights?: readonly number[];
  /** A number added to each rank: the greater it is, the less the first ranks stand out. 0 or more, default 60. */
  readonly constant?: number;
  /**
   * What tells hits apart: those with the same key are one. Default: the posting, where every hit of every list has
   * `documentId`, `start` and `length`, and otherwise the `documentId`.
   */
  readonly key?: (hit: Hit) => string | number;
}

/** A hit of a fused list. */
export interface Fused<Hit> {
  /** The hit as it came, from the first list that has it. */
  readonly hit: Hit;
  /** The sum over the lists of weight / (constant + rank). */
  readonly score: number;
  /** Its rank in each list, counted from 1; `undefined` in those that do not have it. */
  readonly ranks: readonly (number | undefined)[];
}

/**
 * Joins lists of hits into one by reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009).
 *
 * Only ranks count, so scores of any kind can be joined: of vectors and of keywords, of two models, of several queries. Hits
 * may be of any kind with a `documentId`, or for which `key` returns a key. If a list has a key more than once, the first
 * hit counts, and the others take no rank. Of hits with equal scores, the one from the earlier list comes first.
 *
 * Time: O(hits · log hits).
 *
 * @throws {@link InvalidOptionError}
 *
 * @example
 * ```ts
 * import { createIndex, fuse, search } from 'shardex';
 *
 * const index = createIndex({ dimensions: 2 }, [
 *   { documentId: 'a', vector: [1, 0] },
 *   { documentId: 'b', vector: [1, 1] },
 * ]);
 * const byMeaning = search(index, [1, 0], { k: 2 });
 * const byKeyword = [{ documentId: 'b' }, { documentId: 'c' }];
 * const fused = fuse([byMeaning, byKeyword]);
 * fused.map(({ hit }) => hit.documentId); // → ['b', 'a', 'c']
 * fused[0]?.ranks; // → [2, 1]
 * ```
 */
export function fuse<const Lists extends readonly (readonly unknown[])[]>(
  lists: Lists,
  options: FuseOptions<Lists[number][number]> = {},
): Fused<Lists[number][number]>[] {
  type Hit = Lists[number][number];
  const { weights, constant = 60, key } = takeFuseOptions(options);
  const given: Hit[][] = Array.from(eachList(lists), (list, i) => [
    ...iterated(list, (what) => wrong(`List ${i} must be an iterable of hits, not ${what}.`)),
  ]);
  if (weights !== undefined && weights.length !== given.length) {
    throw new InvalidOptionError(
      'weights',
      `weights must be as many as the lists, ${given.length}, not ${weights.length}.`,
    );
  }
  const keyOf = key === undefined ? defaultKey(given) : checkedKey(key);
  const fused = new Map<string, { hit: Hit; score: number; ranks: (number | undefined)[] }>();
  given.forEach((list, l) => {
    const ranked = new Set<string>();
    list.forEach((hit, i) => {
      const hitKey = keyOf(hit, l, i);
      if (ranked.has(hitKey)) return;
      ranked.add(hitKey);
      let entry = fused.get(hitKey);
      if (entry === undefined) {
        entry = { hit, score: 0, ranks: given.map(() => undefined) };
        fused.set(hitKey, entry);
      }
      entry.ranks[l] = ranked.size;
      entry.score += (weights?.[l] ?? 1) / (constant + ranked.size);
    });
  });
  // A stable sort: of equals the one that came first stays first.
  return [...fused.values()].sort((a, b) => b.score - a.score);
}

type KeyOf = (hit: unknown, list: number, place: number) => string;

/** The posting if all hits name one, otherwise the document. */
function defaultKey(lists: readonly (readonly unknown[])[]): KeyOf {
  const arePostings = lists.every((list) =>
    list.every(
      (hit) => typeof fieldOf(hit, 'start') === 'number' && typeof fieldOf(hit, 'length') === 'number',
    ),
  );
  return (hit, list, place) => {
    const documentId = fieldOf(hit, 'documentId');
    if (typeof documentId !== 'string') {
      throw wrong(
        `Hit ${place} of list ${list} must have a documentId, a string, not ${show(documentId)}. Pass key: (hit) => … for hits of another kind.`,
      );
    }
    return arePostings
      ? keyText(documentId, fieldOf(hit, 'start') as number, fieldOf(hit, 'length') as number)
      : documentId;
  };
}

function checkedKey(key: (hit: never) => unknown): KeyOf {
  return (hit, list, place) => {
    const value = key(hit as never);
    // A number and the string of its digits are different keys.
    if (typeof value === 'string') return `s${value}`;
    if (typeof value === 'number' && !Number.isNaN(value)) return `n${value}`;
    throw new InvalidOptionError(
      'key',
      `key must return a string or a number, not ${show(value)}, as for hit ${place} of list ${list}.`,
    );
  };
}

function eachList<List>(lists: Iterable<List>): Iterable<List> {
  return iterated(lists, (what) => wrong(`lists must be an iterable of lists of hits, not ${what}.`));
}

function wrong(message: string): InvalidOptionError {
  return new InvalidOptionError('lists', message);
}

function takeFuseOptions<Hit>(options: FuseOptions<Hit>): FuseOptions<Hit> {
  const taken = takeOptions(options, ['weights', 'constant', 'key']);
  const { weights, constant }: Partial<Record<keyof FuseOptions<Hit>, unknown>> = taken;
  assertFunction('key', taken.key);
  if (constant !== undefined && !isAmount(constant))
    throw new InvalidOptionError(
      'constant',
      `constant must be a number of 0 or more, not ${show(constant)}.`,
    );
  if (weights === undefined) return taken;
  const copy: unknown[] = [
    ...iterated(
      weights as Iterable<unknown>,
      (what) => new InvalidOptionError('weights', `weights must be an array of numbers, not ${what}.`),
    ),
  ];
  const bad = copy.findIndex((weight) => !isAmount(weight));
  if (bad >= 0) {
    throw new InvalidOptionError(
      'weights',
      `weights must be numbers of 0 or more, not ${show(copy[bad])}, as for list ${bad}.`,
    );
  }
  return { ...taken, weights: copy as number[] };
}

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
