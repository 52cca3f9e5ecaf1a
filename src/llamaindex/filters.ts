// LlamaIndex' filters of metadata as those of an index.
import type { MetadataFilter, MetadataFilters } from '@llamaindex/core/vector-store';
import { asJson } from '../adapters/json.js';
import { pathIn } from '../adapters/names.js';
import { type Filter, InvalidFilterError } from '../index.js';

type Translate = (field: string, value: unknown) => object;

const OPERATORS: Readonly<Record<MetadataFilter['operator'], Translate>> = {
  '==': (field, value) => ({ [field]: { $eq: value } }),
  '!=': (field, value) => ({ [field]: { $ne: value } }),
  '>': (field, value) => ({ [field]: { $gt: value } }),
  '>=': (field, value) => ({ [field]: { $gte: value } }),
  '<': (field, value) => ({ [field]: { $lt: value } }),
  '<=': (field, value) => ({ [field]: { $lte: value } }),
  in: (field, value) => ({ [field]: { $in: value } }),
  nin: (field, value) => ({ [field]: { $nin: value } }),
  any: (field, value) => ({ [field]: { $in: value } }),
  all: (field, value) => ({ [field]: { $all: value } }),
  contains: (field, value) => ({ [field]: { $eq: value } }),
  text_match: (field, value) => ({ [field]: { $regex: escaped(field, value) } }),
  is_empty: (field) => ({ $or: [{ [field]: null }, { [field]: '' }, { [field]: { $size: 0 } }] }),
};

/**
 * The filter of an index that says the same.
 *
 * @throws {@link InvalidFilterError} for an unknown operator or condition, and for a text to match that is none.
 */
export function filterOf({ filters, condition = 'and' }: MetadataFilters): Filter {
  const parts = filters.map(({ key, operator, value }) => {
    if (!Object.hasOwn(OPERATORS, operator))
      throw new InvalidFilterError(
        `${key}: Unknown operator '${operator}'; there are ${Object.keys(OPERATORS).join(' ')}.`,
        key,
      );
    return asJson(OPERATORS[operator](pathIn(key), value)) as Filter;
  });
  const join = ({ and: '$and', or: '$or' } as Partial<Record<string, string>>)[condition];
  if (join === undefined)
    throw new InvalidFilterError(`Filters are joined by 'and' or 'or', not '${condition}'.`, '');
  return parts.length === 0 ? {} : { [join]: parts };
}

function escaped(field: string, value: unknown): string {
  if (typeof value === 'string') return value.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&');
  throw new InvalidFilterError(`${field}: text_match takes a string.`, field);
}
