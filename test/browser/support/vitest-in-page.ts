/*
 * What test files use of vitest, in a page, where vitest itself does not run: they are collected, and run by `runTests`.
 * Expectations are vitest's own.
 */

import { JestAsymmetricMatchers, JestChaiExpect, JestExtend, chai } from '@vitest/expect';

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

export const expect = chai.expect;
export const expectTypeOf = (): unknown =>
  new Proxy(() => undefined, { get: () => expectTypeOf, apply: expectTypeOf });

type Run = (...args: never[]) => unknown;

interface Test {
  readonly name: string;
  readonly run: () => unknown;
}

const tests: Test[] = [];
const afterEachTest: (() => unknown)[] = [];
let path: readonly string[] = [];

export function describe(name: string, collect: () => void): void {
  const before = path;
  path = [...path, name];
  collect();
  path = before;
}
describe.each = each((name, collect) => {
  describe(name, collect);
});

export function test(name: string, run: () => unknown): void {
  tests.push({ name: [...path, name].join(' > '), run });
}
test.each = each(test);
/** What needs files stays where they are. */
test.runIf = () => () => undefined;

export function afterEach(run: () => unknown): void {
  afterEachTest.push(run);
}

/** Runs all tests that were collected; `failures` says of each that failed how. */
export async function runTests(): Promise<{ readonly passed: string[]; readonly failures: string[] }> {
  const passed: string[] = [];
  const failures: string[] = [];
  for (const { name, run } of tests) {
    try {
      await run();
      passed.push(name);
    } catch (error) {
      failures.push(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
    for (const clean of afterEachTest) await clean();
  }
  return { passed, failures };
}

/** As vitest does with a table: a row that is a list gives the arguments, `$name` and `%s` in the name are filled in. */
function each(add: (name: string, run: () => unknown) => void) {
  return (rows: readonly unknown[]) => (name: string, run: Run) => {
    for (const row of rows) {
      const args = Array.isArray(row) ? (row as unknown[]) : [row];
      const [first] = args;
      const named = name
        .replace(/\$(\w+)/g, (_, field: string) => String((first as Record<string, unknown>)[field]))
        .replace(/%[sij]/, () => String(first));
      add(named, () => run(...(args as never[])));
    }
  };
}
