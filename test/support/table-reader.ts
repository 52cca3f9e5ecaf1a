// Reads bytes by the tables of a page of docs/internals, knowing nothing but those tables.

interface Field {
  readonly name: string;
  readonly type: string;
  readonly when: string;
}
export type Tables = ReadonlyMap<string, readonly Field[]>;
export type Value = number | string | Values | readonly Value[];
export interface Values {
  [field: string]: Value;
}

/** The tables of a page, by their headings. */
export function tablesOf(page: string): Tables {
  const sections = page.split(/^## /m).slice(1);
  return new Map(
    sections.map((section) => {
      const rows = [...section.matchAll(/^\| `(\w+)` +\| `([^`]+)` +\|([^|]*)\|/gm)];
      const fields = rows.map(([, name, type, when]) => ({
        name,
        type,
        when: when.replaceAll('`', '').trim(),
      }));
      return [section.split('\n', 1).join(''), fields];
    }),
  );
}

/** Reads bytes by tables. */
export class TableReader {
  readonly #bytes: DataView;
  readonly #tables: Tables;
  at = 0;

  constructor(bytes: Uint8Array, tables: Tables) {
    this.#bytes = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#tables = tables;
  }

  /** Reads a structure; what `outer` has are the fields of those around it. */
  structure(name: string, outer: Values = {}): Values {
    const fields = this.#tables.get(name);
    if (fields === undefined || fields.length === 0) throw new Error(`There is no table ${name}.`);
    const own: Values = {};
    for (const { name: field, type, when } of fields)
      if (when === '' || holds(own, when)) own[field] = this.#value(type, { ...outer, ...own });
    return own;
  }

  number(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }

  #value(type: string, known: Values): Value {
    const times = /^(\w+) × (\w+)$/.exec(type);
    if (times !== null) {
      const [, item, size] = times;
      const count = /^\d+$/.test(size) ? Number(size) : (known[size] as number);
      return Array.from({ length: count }, () => this.#value(item, known));
    }
    const list = /^list of (\w+)$/.exec(type)?.[1];
    if (list !== undefined) return Array.from({ length: this.number() }, () => this.#value(list, known));
    const until = /^(\w+) until (\w+)$/.exec(type);
    if (until !== null) return this.#until(until[1], known[until[2]] as number, known);
    switch (type) {
      case 'number':
        return this.number();
      case 'text':
        return this.#text();
      case 'ascending': {
        let next = 0;
        return Array.from({ length: this.number() }, () => (next += this.number() + 1) - 1);
      }
      case 'u16':
        return this.#bytes.getUint16(this.#skip(2), true);
      case 'u32':
        return this.#bytes.getUint32(this.#skip(4), true);
      case 'f32':
        return this.#bytes.getFloat32(this.#skip(4), true);
      case 'f64':
        return this.#bytes.getFloat64(this.#skip(8), true);
      default:
        return this.structure(type, known);
    }
  }

  #until(item: string, size: number, known: Values): Value[] {
    const entries: Values[] = [];
    for (let left = size; left > 0;) {
      const entry = this.structure(item, known);
      entries.push(entry);
      left -= typeof entry.count === 'number' ? entry.count : 1;
    }
    return entries;
  }

  #text(): string {
    const length = this.number();
    const bytes = Uint8Array.from({ length: length >> 1 }, () => this.#byte());
    if (length % 2 === 0) return new TextDecoder().decode(bytes);
    // A TextDecoder would replace a lone surrogate.
    return String.fromCharCode(...new Uint16Array(bytes.buffer));
  }

  #byte(): number {
    return this.#bytes.getUint8(this.#skip(1));
  }

  #skip(count: number): number {
    const at = this.at;
    this.at += count;
    return at;
  }
}

/** Whether a condition such as `kind = 2` holds; a list counts as its length. */
function holds(own: Values, when: string): boolean {
  const [, field, relation, text] = /^(\w+) ([=>]) (\d+)$/.exec(when) ?? [];
  const value = own[field];
  const number = Array.isArray(value) ? value.length : (value as number);
  return relation === '=' ? number === Number(text) : number > Number(text);
}
