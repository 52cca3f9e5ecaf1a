// A filter as a tree of conditions: what parsing makes of MongoDB's language, and what predicates and plans are made of.
import type { JsonValue } from '../record.js';

/** What has to hold of a document, or of an element of an array. */
export type Condition = All | Any | Not | FieldCondition;

/** All of some conditions; of none it is true. */
export interface All {
  readonly is: 'all';
  readonly of: readonly Condition[];
}

/** At least one of some conditions; of none it is false. */
export interface Any {
  readonly is: 'any';
  readonly of: readonly Condition[];
}

/** The contrary. */
export interface Not {
  readonly is: 'not';
  readonly of: Condition;
}

/** A test of what a path leads to. */
export interface FieldCondition {
  readonly is: 'field';
  /** A dotted path; {@link DOCUMENT_ID} the id of the document, {@link ITSELF} the element that `$elemMatch` looks at. */
  readonly path: string | typeof DOCUMENT_ID | typeof ITSELF;
  readonly test: Test;
}

/** Stands for the id of the document; not a string, since an element of an array may have a field of that name. */
export const DOCUMENT_ID = 0;

/** Stands for the element of an array itself. */
export const ITSELF = 1;

/** A test of a value; of several values that a path leads to, one has to pass. */
export type Test =
  | { readonly op: Comparison; readonly value: JsonValue }
  | { readonly op: 'in'; readonly values: readonly JsonValue[] }
  | { readonly op: 'exists' }
  | { readonly op: 'regex'; readonly source: string; readonly flags: string }
  | { readonly op: 'size'; readonly value: number }
  /** Of an array's elements; with `objects` only of those that are objects, or arrays, whose elements have numbers as names. */
  | { readonly op: 'elemMatch'; readonly objects: boolean; readonly of: Condition };

/** The comparisons with a value. */
export type Comparison = 'eq' | 'gt' | 'gte' | 'lt' | 'lte';

/** All of some conditions, in an order that does not depend on how they were written, each once. */
export function allOf(conditions: readonly Condition[]): Condition {
  return joined('all', conditions);
}

/** Any of some conditions, likewise. */
export function anyOf(conditions: readonly Condition[]): Condition {
  return joined('any', conditions);
}

/** The contrary of a condition; of the contrary it is the condition. */
export function notOf(condition: Condition): Condition {
  return condition.is === 'not' ? condition.of : Object.freeze({ is: 'not', of: condition });
}

function joined(is: 'all' | 'any', conditions: readonly Condition[]): Condition {
  const parts = new Map<string, Condition>();
  for (const condition of conditions)
    for (const part of condition.is === is ? condition.of : [condition]) parts.set(textOf(part), part);
  if (parts.size === 1) for (const only of parts.values()) return only;
  const inOrder = [...parts].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.freeze({ is, of: Object.freeze(inOrder.map(([, part]) => part)) });
}

/** The text of a condition: conditions with the same one let the same documents pass. */
export function textOf(condition: Condition): string {
  return JSON.stringify(condition);
}
