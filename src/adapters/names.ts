/*
 * Names that a framework allows and an index has its own use for: an empty id, and a field `documentId` of the metadata, which in
 * a filter would be the document's id. They are kept under another name, and come back as they were.
 */

const MARK = '\u0000';
const OWN = 'documentId';

/** An id as the index takes it: any text but the empty one. */
export function idIn(id: string): string {
  return id === '' || id.startsWith(MARK) ? MARK + id : id;
}

/** The id as it was given. */
export function idOut(id: string): string {
  return id.startsWith(MARK) ? id.slice(1) : id;
}

/** A dotted path to a field, or its name, as the index has it. */
export function pathIn(path: string): string {
  const [name, ...rest] = path.split('.');
  return [isMarked(name) ? `${name}_` : name, ...rest].join('.');
}

/** Metadata as the index has them. */
export function fieldsIn(metadata: object): object {
  return renamed(metadata, (name) => (isMarked(name) ? `${name}_` : name));
}

/** Metadata as they were given, as the caller's own copy. */
export function fieldsOut(metadata: object): object {
  return renamed(structuredClone(metadata), (name) =>
    name !== OWN && isMarked(name) ? name.slice(0, -1) : name,
  );
}

/** `documentId`, and what such a name became, any number of times. */
function isMarked(name: string): boolean {
  return name.startsWith(OWN) && /^_*$/.test(name.slice(OWN.length));
}

function renamed(metadata: object, name: (name: string) => string): object {
  return Object.fromEntries(Object.entries(metadata).map(([key, value]) => [name(key), value as unknown]));
}
