/*
 * Checks of the messages that arrive on a port. Any code may post there, so each message is checked before it is used. The
 * shapes of the messages themselves stand beside them: `message-shapes.ts`, `search-shapes.ts`.
 */

import { isWhole } from '../../config.js';
import { InvalidOptionError } from '../../errors.js';

/** A test of whether a value has the expected form. */
export type Shape = (value: unknown) => boolean;

/** Shapes of the messages of one side, by their `kind`. */
export type Shapes<Message extends { readonly kind: string }> = Readonly<Record<Message['kind'], Shape>>;

/**
 * Reads a value as a message: `'damaged'` if it has the kind of one but not its shape, `undefined` if it is none of
 * this library's. Time: O(values in it).
 */
export function read<Message extends { readonly kind: string }>(
  shapes: Shapes<Message>,
  value: unknown,
): Message | 'damaged' | undefined {
  if (!isRecord(value) || typeof value.kind !== 'string' || !Object.hasOwn(shapes, value.kind))
    return undefined;
  const shape = shapes[value.kind as Message['kind']];
  return shape(value) ? (value as unknown as Message) : 'damaged';
}

/** Makes the error for a damaged message. */
export function unreadable(): InvalidOptionError {
  return new InvalidOptionError(
    'port',
    'A message on this port cannot be read. Both threads must have the same version of the library, and nobody else may send messages of its shape.',
  );
}

export const anything: Shape = () => true;
export const flag: Shape = (value) => typeof value === 'boolean';
export const text: Shape = (value) => typeof value === 'string';
export const name: Shape = (value) => typeof value === 'string' && value !== '';
export const number: Shape = (value) => typeof value === 'number';
export const whole: Shape = (value) => isWhole(value, 0, Number.MAX_SAFE_INTEGER);
export const nothing: Shape = (value) => value === undefined;
/** Memory of a block. */
export const memory: Shape = (value) => {
  const tag = Object.prototype.toString.call(value);
  return tag === '[object SharedArrayBuffer]' || tag === '[object ArrayBuffer]';
};

/** Allows `undefined` beside a shape. */
export function maybe(shape: Shape): Shape {
  return (value) => value === undefined || shape(value);
}

export function either(one: Shape, other: Shape): Shape {
  return (value) => one(value) || other(value);
}

export function listOf(shape: Shape): Shape {
  // Unlike `every`, this looks at holes, too.
  return (value) => Array.isArray(value) && value.findIndex((each) => !shape(each)) < 0;
}

/** Accepts objects with these fields, and maybe others. */
export function record(fields: Readonly<Record<string, Shape>>): Shape {
  const all = Object.entries(fields);
  return (value) => isRecord(value) && all.every(([field, shape]) => shape(value[field]));
}

/** Accepts a typed array of that name, from any realm. */
export function view(type: string): Shape {
  return (value) => ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === `[object ${type}]`;
}

/** Accepts a typed array of that name in shared memory. */
export function shared(type: string): Shape {
  const isView = view(type);
  return (value) =>
    isView(value) &&
    (value as DataView).byteLength > 0 &&
    Object.prototype.toString.call((value as DataView).buffer) === '[object SharedArrayBuffer]';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
