// Describes given values in error messages: by type and, if it is short, by value.

const MOST = 40;

/** Quotes any value for an error message, shortly and without ever throwing. */
export function show(value: unknown): string {
  try {
    return typeof value === 'object' && value !== null ? shownObject(value) : shownPrimitive(value);
  } catch {
    return 'an object that cannot be read, such as a revoked proxy';
  }
}

function shownPrimitive(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(cut(value));
  if (typeof value === 'bigint') return `${cut(String(value))}n`;
  if (typeof value === 'function') return functionKind(value);
  return Object.is(value, -0) ? '-0' : cut(String(value));
}

function functionKind(value: object): string {
  const tag = tagOf(value);
  if (tag === 'Function')
    return Function.prototype.toString.call(value).startsWith('class') ? 'a class' : 'a function';
  return tag === 'AsyncFunction' ? 'an async function' : 'a generator function';
}

function shownObject(value: object): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const name = nameOf(value);
  const tag = tagOf(value);
  if (ArrayBuffer.isView(value)) {
    const { length } = value as Partial<Uint8Array>;
    return `${withArticle(name)} of ${length ?? `${value.byteLength} bytes`}`;
  }
  if (isThenable(value)) return 'a promise';
  switch (tag) {
    case 'Date': {
      const date = value as Date;
      return Number.isNaN(date.getTime()) ? 'an invalid Date' : `the Date ${date.toISOString()}`;
    }
    case 'Map':
    case 'Set':
      return `${withArticle(name)} of ${(value as ReadonlySet<unknown>).size}`;
    case 'ArrayBuffer':
    case 'SharedArrayBuffer':
      return `${withArticle(name)} of ${(value as ArrayBuffer).byteLength} bytes`;
    case 'String':
    case 'Number':
    case 'Boolean':
    case 'BigInt':
    case 'Symbol':
      return `${withArticle(tag)} object`;
    case 'Error':
      return `${withArticle(name)}, ${JSON.stringify(cut((value as Error).message))}`;
    case 'Generator':
      return 'a generator';
    case 'AsyncGenerator':
      return 'an async generator';
    default:
      return name === 'Object' ? plainObject(value) : withArticle(name);
  }
}

function plainObject(value: object): string {
  const keys = Object.keys(value);
  const few = cut(keys.slice(0, 4).join(', '));
  return keys.length === 0
    ? 'an object without keys'
    : `an object with ${few}${keys.length > 4 ? ', …' : ''}`;
}

/** The name of a value's class; `Object` for a plain one, even without a prototype. */
function nameOf(value: object): string {
  const { constructor }: { readonly constructor?: unknown } = value;
  const name = typeof constructor === 'function' && constructor.name !== '' ? constructor.name : tagOf(value);
  return cut(name);
}

function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

function isThenable(value: object): boolean {
  return 'then' in value && typeof value.then === 'function';
}

function withArticle(name: string): string {
  return `${/^[aeio]/i.test(name) ? 'an' : 'a'} ${name}`;
}

function cut(text: string): string {
  return text.length > MOST ? `${text.slice(0, MOST)}…` : text;
}
