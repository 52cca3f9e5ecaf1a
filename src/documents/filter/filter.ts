// The type of filters: MongoDB's query language over the metadata of documents.
import type { Metadata, JsonValue } from '../record.js';

/**
 * Which documents count, in MongoDB's query language, as a value: by fields of their metadata, which may be dotted paths,
 * and by `documentId`. All that it says has to hold. Fields that the metadata do not have, and operators that do not fit a
 * field's type, do not compile; metadata of no stated type have any field. (It is conditional so that the compiler never
 * compares the filters of two unknown types, which have no end.)
 *
 * @example
 * ```ts
 * import type { Filter } from 'shardex';
 *
 * interface Film { title: string; year: number; tags: string[] }
 * const filter: Filter<Film> = { year: { $gte: 1990, $lt: 2000 }, tags: 'crime', $or: [{ title: /heat/i }, { documentId: 'heat' }] };
 * ```
 */
export type Filter<M extends object = Metadata> = [M] extends [infer N extends object]
  ? Fields<N> & Joined<N>
  : never;

/** Filters of filters. (No interface, as that would not pass for a record of any fields.) */
// eslint-disable-next-line @typescript-eslint/consistent-type-definitions
type Joined<M extends object> = {
  /** All of them hold. */
  readonly $and?: readonly Filter<M>[];
  /** At least one holds. */
  readonly $or?: readonly Filter<M>[];
  /** None holds. */
  readonly $nor?: readonly Filter<M>[];
};

/** What is asked of a field of type `V`: to be a value, to match a regular expression, or what operators say. */
export type FieldFilter<V> = JsonValue extends V ? AnyField : Operand<V> | Matching<V> | Operators<V>;

/** The operators of a field of type `V`. An array passes where one of its elements does, or the array as a whole. */
export type Operators<V> = Comparing<V> &
  (Texts<V> extends never ? unknown : OfTexts) &
  (Lists<V> extends never ? unknown : OfLists<V>);

/** The operators of any field. */
interface Comparing<V> {
  /** Equal. `null` is equal to a field that is missing, too. */
  readonly $eq?: Operand<V>;
  /** Not equal, or missing. */
  readonly $ne?: Operand<V>;
  /** Greater, and of the same type. */
  readonly $gt?: Operand<V>;
  /** Greater or equal, and of the same type. */
  readonly $gte?: Operand<V>;
  /** Less, and of the same type. */
  readonly $lt?: Operand<V>;
  /** Less or equal, and of the same type. */
  readonly $lte?: Operand<V>;
  /** Any of these. */
  readonly $in?: readonly (Operand<V> | Matching<V>)[];
  /** None of these, or missing. */
  readonly $nin?: readonly (Operand<V> | Matching<V>)[];
  /** Whether there is such a field, be it null. */
  readonly $exists?: boolean;
  /** The contrary of these operators, or missing. */
  readonly $not?: Operators<V> | Matching<V>;
}

/** The operators of strings. */
interface OfTexts {
  /** Matches a regular expression. */
  readonly $regex?: string | RegExp;
  /** The flags of a `$regex` that is a string: `i`, `m`, `s`, `u`, `v`. */
  readonly $options?: string;
}

/** The operators of arrays. */
interface OfLists<V> {
  /** All of these are in the array. */
  readonly $all?: readonly (Operand<V> | Matching<V> | { readonly $elemMatch: ElementFilter<V> })[];
  /** The length of the array. */
  readonly $size?: number;
  /** One element passes all of this. */
  readonly $elemMatch?: ElementFilter<V>;
}

/** What is asked of one element: a filter where it is an object, operators where it is a value. */
type ElementFilter<V> =
  Element<V> extends infer E ? (E extends object ? Fields<E> & Joined<E> : Operators<E>) : never;

/** What a field can be compared with: its type, or that of its elements; `null` stands for a missing field. */
type Operand<V> = ReadonlyDeep<Exclude<V, undefined>> | ReadonlyDeep<Element<V>> | null;

/** A regular expression, where there are strings that it could match. */
type Matching<V> = Texts<V> extends never ? never : RegExp;

/** The elements of arrays in `V`. */
type Element<V> = V extends readonly (infer E)[] ? E : never;

/** The arrays in `V`. */
type Lists<V> = Extract<V, readonly unknown[]>;

/** The strings in `V`, or in its arrays. */
type Texts<V> = Extract<V | Element<V>, string>;

/** The objects in `V`, or in its arrays. */
type Objects<V> = Exclude<Extract<V | Element<V>, object>, readonly unknown[]>;

type ReadonlyDeep<V> = V extends object ? { readonly [K in keyof V]: ReadonlyDeep<V[K]> } : V;

/** The fields of metadata of no stated type: any path. */
type AnyFields = Readonly<Record<string, AnyField | readonly Filter[] | undefined>>;

/** What is asked of a field of no stated type. */
type AnyField = JsonValue | RegExp | AnyOperators;

interface AnyOperators extends OfTexts {
  readonly $eq?: JsonValue;
  readonly $ne?: JsonValue;
  readonly $gt?: JsonValue;
  readonly $gte?: JsonValue;
  readonly $lt?: JsonValue;
  readonly $lte?: JsonValue;
  readonly $in?: readonly (JsonValue | RegExp)[];
  readonly $nin?: readonly (JsonValue | RegExp)[];
  readonly $exists?: boolean;
  readonly $not?: AnyOperators | RegExp;
  readonly $all?: readonly (JsonValue | RegExp | { readonly $elemMatch: AnyOperators | AnyFields })[];
  readonly $size?: number;
  readonly $elemMatch?: AnyOperators | AnyFields;
}

/**
 * The fields of metadata: those that they have, in them at up to four levels more, and the document's id. An index of any
 * metadata takes filters of all types, so that an index of some type passes for it.
 */
type Fields<M extends object> = string extends keyof M
  ? AnyFields
  : [keyof M] extends [never]
    ? Readonly<Record<string, unknown>>
    : { readonly [P in Paths<M, 4>]?: FieldFilter<At<M, P>> } & { readonly documentId?: FieldFilter<string> };

type Shorter = [never, 0, 1, 2, 3];

/** The dotted paths in `M`. */
type Paths<M, Depth extends number> = M extends object
  ? { [K in keyof M & string]: K | Below<K, NonNullable<M[K]>, Depth> }[keyof M & string]
  : never;

type Below<K extends string, V, Depth extends number> = [Depth] extends [0]
  ? never
  : | (Lists<V> extends never ? never : `${K}.${number}`)
    | ([Objects<V>] extends [never]
        ? never
        : string extends keyof Objects<V>
          ? `${K}.${string}`
          : `${K}.${Numbered<V>}${Paths<Objects<V>, Shorter[Depth]>}`);

/** What may stand before a field of an element: nothing, or its number. */
type Numbered<V> = '' | (Lists<V> extends never ? never : `${number}.`);

/** The type of what a dotted path leads to. */
type At<M, P> = M extends object
  ? P extends keyof M
    ? NonNullable<M[P]> | Extract<M[P], null>
    : P extends `${infer K}.${infer Rest}`
      ? K extends keyof M
        ? Under<NonNullable<M[K]>, Rest>
        : never
      : never
  : never;

type Under<V, Rest> =
  | (Rest extends `${number}` ? Element<V> : never)
  | ([Objects<V>] extends [never]
      ? never
      : string extends keyof Objects<V>
        ? JsonValue
        : At<Objects<V>, Rest extends `${number}.${infer Further}` ? Further : Rest>);
