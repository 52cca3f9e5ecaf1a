import { describe } from 'vitest';
import type * as composeSegmentModule from '../../../src/delta/compose-segment.js';
import type * as deltaModule from '../../../src/delta/delta.js';
import type * as trieDifference from '../../../src/collections/trie-difference.js';
import { CheckFailed } from '../../support/checks/check-that.js';
import { composesToTheSame, findsEveryDifference, refusesForks } from '../../support/checks/follows.js';
import type { Library } from '../../support/library.js';
import { control } from '../../support/control.js';

/* What the checks of deltas find where deltas have been broken. */

describe('deltas', () => {
  control(
    'fail where only the number of a base counts',
    'src/delta/delta.js',
    (): Partial<typeof deltaModule> => ({ sameVersion: (a, b) => a.version === b.version }),
    refusesForks,
  );
  control(
    'fail where walking two tries skips a slot',
    'src/collections/trie-difference.js',
    ({ eachDifference }: typeof trieDifference): Partial<typeof trieDifference> => ({
      eachDifference: (a, b, visit) => {
        eachDifference(a, b, (key, before, after) => {
          // The slot of a number in a trie is its lowest five bits.
          if (typeof key !== 'number' || (key & 31) !== 7) visit(key, before, after);
        });
      },
    }),
    findsEveryDifference,
  );
});

/** A check that also fails where the library itself refuses what was broken. */
const refusedOr =
  (check: (lib: Library) => void) =>
  (lib: Library): void => {
    try {
      check(lib);
    } catch (error) {
      if (error instanceof lib.InvalidDeltaError) throw new CheckFailed(error.message);
      throw error;
    }
  };

describe('compositions', () => {
  control(
    'fail where rows that are buried later are left',
    'src/delta/compose-segment.js',
    ({ composeSegment }: typeof composeSegmentModule): Partial<typeof composeSegmentModule> => ({
      composeSegment: (first, onto, change) => composeSegment(first, onto, { ...change, buried: [] }),
    }),
    refusedOr(composesToTheSame),
  );
});
