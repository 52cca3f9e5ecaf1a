/*
 * Mastra's filters as those of an index. They are MongoDB's with some more ways to say things: an array stands for any of its
 * elements, an object for its fields, `$not` may stand beside fields, and lists of conditions may be empty.
 */
import { BaseFilterTranslator, type OperatorSupport, type VectorFilter } from '@mastra/core/vector/filter';
import { asJson } from '../adapters/json.js';
import { pathIn } from '../adapters/names.js';
import { type Filter, InvalidFilterError } from '../index.js';

/** A filter of an index, of metadata of no stated type. */
type IndexFilter = Filter;

const NOTHING: IndexFilter = { documentId: { $in: [] } };

/** Checks filters as Mastra does, and translates them. */
export class FilterTranslator extends BaseFilterTranslator<VectorFilter, IndexFilter> {
  /**
   * The filter of an index that says the same; one that lets all pass where there is none.
   *
   * @throws {@link InvalidFilterError}
   */
  translate(filter: VectorFilter): IndexFilter {
    if (this.isEmpty(filter)) return {};
    try {
      this.validateFilter(filter);
    } catch (error) {
      throw new InvalidFilterError((error as Error).message, '');
    }
    return this.#fields(asJson(filter) as object, '');
  }

  protected override getSupportedOperators(): OperatorSupport {
    return { ...BaseFilterTranslator.DEFAULT_OPERATORS, custom: ['$size'] };
  }

  /** A regular expression is not, though it has no fields. */
  protected override isEmpty(given: unknown): boolean {
    return !this.isRegex(given) && super.isEmpty(given);
  }

  #fields(given: object, path: string): IndexFilter {
    const parts = Object.entries(given).map(([name, value]) =>
      this.isLogicalOperator(name)
        ? this.#joined(name, value)
        : this.#field(path === '' ? pathIn(name) : `${path}.${name}`, value),
    );
    return parts.length === 1 ? parts[0] : parts.length === 0 ? {} : { $and: parts };
  }

  #joined(name: string, value: unknown): IndexFilter {
    const parts = [value].flat().map((each) => this.#fields(each as object, ''));
    if (name === '$not') return { $nor: parts };
    if (parts.length > 0) return { [name]: parts };
    return name === '$or' ? NOTHING : {};
  }

  #field(path: string, value: unknown): IndexFilter {
    if (value === undefined) return { [path]: null };
    if (Array.isArray(value)) return { [path]: { $in: value } };
    if (!isFields(value)) return { [path]: value };
    const names = Object.keys(value);
    if (names.length === 0) return { [path]: {} };
    return names.some((name) => this.isOperator(name))
      ? { [path]: this.#operators(value) }
      : this.#fields(value, path);
  }

  #operators(given: object): object {
    return Object.fromEntries(
      Object.entries(given).map(([name, value]) => {
        const isList = this.isArrayOperator(name) && name !== '$elemMatch';
        if (value === undefined) return [name, isList ? [] : null];
        return [name, isList ? [value].flat() : (value as unknown)];
      }),
    );
  }
}

function isFields(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof RegExp);
}
