// Each row of the guide's table of rules is a test.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { InvalidFilterError, type JsonValue } from 'shardex';
import { parseFilter } from '../../src/documents/filter/parse.js';
import { predicateOf } from '../../src/documents/filter/predicate.js';

const guide = readFileSync(new URL('../../docs/guides/filters.md', import.meta.url), 'utf8');
const ROW = /^\| `(.+?)` +\| `(.+?)` +\| (yes|no|error) +\| (.+?) +\|$/gm;
const rows = [...guide.matchAll(ROW)].map(([, filter, metadata, answer, rule]) => ({
  filter,
  metadata,
  answer,
  rule,
}));

/** What a piece of JavaScript in the guide stands for. */
function meant(code: string): object {
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- the guide is our own
  return new Function(`return (${code})`)() as object;
}

function answerTo(filter: object, metadata: Readonly<Record<string, JsonValue>>): string {
  try {
    return predicateOf(parseFilter(filter).condition)('id', metadata) ? 'yes' : 'no';
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidFilterError);
    return 'error';
  }
}

test('the guide has its table', () => {
  expect(rows.length).toBeGreaterThan(45);
  expect(rows.length).toBe(guide.split('\n').filter((line) => /\| (yes|no|error) /.test(line)).length);
});

test.each(rows)('$filter on $metadata: $answer. $rule', ({ filter, metadata, answer }) => {
  expect(answerTo(meant(filter), meant(metadata) as Record<string, JsonValue>)).toBe(answer);
});
