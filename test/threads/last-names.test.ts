import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { LastNames } from '../../src/threads/replicas/last-names.js';

test('the last names are known, so many, and no others', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.nat(9).map(String)), (most, added) => {
      const names = new LastNames(most);
      let last: string[] = [];
      for (const name of added) {
        names.add(name);
        last = [...last.filter((other) => other !== name), name].slice(-most);
        expect(names.size).toBe(last.length);
        for (let i = 0; i < 10; i++) expect(names.has(`${i}`)).toBe(last.includes(`${i}`));
      }
    }),
  );
});
