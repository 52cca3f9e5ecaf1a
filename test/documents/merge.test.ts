// Branches that both changed documents: merged field by field, conflicts named by their path.
import * as fc from 'fast-check';
import {
  InvalidOptionError,
  MergeConflictError,
  type RecordConflict,
  type Resolution,
  getDocument,
  merge,
  postings,
  update,
  verify,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { thrownBy } from '../support/thrown.js';
import { type Change, changed, edit, films, recordsOf, set } from './fixtures.js';

const fields = getDocument(films, 'heat')?.metadata ?? {};
const branch = (...changes: Change[]): typeof films =>
  changes.reduce((index, change) => changed(index, change), films);

describe('a merge', () => {
  test('takes the fields that one side changed, and what both did alike', () => {
    const ours = branch(
      set('heat', 'year', 1996),
      set('heat', 'both', [1]),
      edit('heat', ({ cast }) => {
        (cast as { lead: string }).lead = 'A';
      }),
    );
    const theirs = branch(
      set('heat', 'title', 'HEAT'),
      set('heat', 'both', [1]),
      edit('heat', ({ cast }) => {
        (cast as { other?: string }).other = 'B';
      }),
      (draft) => {
        draft.setText('heat', 'x'.repeat(24));
        draft.removeDocument('ran');
        draft.putDocument('new', { metadata: { n: 1 } });
      },
    );
    const merged = merge(ours, theirs, films);
    expect([...verify(merged)]).toEqual([]);
    expect(getDocument(merged, 'heat')).toEqual({
      text: 'x'.repeat(24),
      metadata: { ...fields, year: 1996, title: 'HEAT', both: [1], cast: { lead: 'A', other: 'B' } },
    });
    expect(getDocument(merged, 'new')).toEqual({ metadata: { n: 1 } });
    expect(getDocument(merged, 'ran')).toBeUndefined();
    expect(getDocument(merged, 'heat')?.metadata?.tags).toBe(getDocument(ours, 'heat')?.metadata?.tags);
    expect(merge(merged, theirs, films)).toBe(merged);
  });

  const ours = branch(
    set('heat', 'year', 1),
    edit('heat', ({ cast }) => {
      (cast as { lead: string }).lead = 'A';
    }),
    (draft) => {
      draft.setText('alone', 'ours');
    },
  );
  const theirs = branch(
    set('heat', 'year', 2),
    edit('heat', ({ cast }) => {
      (cast as { lead: string }).lead = 'B';
    }),
    (draft) => {
      draft.setText('alone', 'theirs');
    },
  );

  test('lists all conflicts with their paths', () => {
    const error = thrownBy(() => merge(ours, theirs, films)) as MergeConflictError;
    expect(error).toBeInstanceOf(MergeConflictError);
    expect(error.conflicts).toEqual([
      {
        documentId: 'alone',
        part: 'text',
        path: 'text',
        base: 'No vector yet.',
        ours: 'ours',
        theirs: 'theirs',
      },
      { documentId: 'heat', part: 'metadata', path: 'year', base: 1995, ours: 1, theirs: 2 },
      { documentId: 'heat', part: 'metadata', path: 'cast.lead', base: 'Pacino', ours: 'A', theirs: 'B' },
    ]);
    expect(String(error)).toContain('cast.lead');
  });

  test.each<[Resolution, unknown, unknown, unknown]>([
    ['ours', 'ours', 1, 'A'],
    ['theirs', 'theirs', 2, 'B'],
    ['base', 'No vector yet.', 1995, 'Pacino'],
    ['remove', undefined, undefined, undefined],
    [{ value: 'v' }, 'v', 'v', 'v'],
  ])('decided by %o', (resolution, text, year, lead) => {
    const asked: string[] = [];
    const onConflict = (conflict: object): Resolution => {
      asked.push((conflict as RecordConflict).path);
      return resolution;
    };
    const merged = merge(ours, theirs, films, { onConflict });
    expect(asked).toEqual(['text', 'year', 'cast.lead']);
    expect(getDocument(merged, 'alone')?.text).toBe(text);
    expect(getDocument(merged, 'heat')?.metadata?.year).toBe(year);
    expect(getDocument(merged, 'heat')?.metadata?.cast).toMatchObject(lead === undefined ? {} : { lead });
    expect([...verify(merged)]).toEqual([]);
    if (resolution === 'ours' || resolution === 'theirs')
      expect(recordsOf(merge(ours, theirs, films, { onConflict: resolution }))).toEqual(recordsOf(merged));
  });

  test('refuses decisions that are none', () => {
    for (const decision of [undefined, 7, [1], 'both'])
      expect(
        thrownBy(() => merge(ours, theirs, films, { onConflict: () => decision as Resolution })),
      ).toBeInstanceOf(InvalidOptionError);
    expect(
      thrownBy(() => merge(ours, theirs, films, { onConflict: () => ({ value: new Date(0) as never }) })),
    ).toMatchObject({ code: /INVALID/ });
  });

  test('of a field that one side edited and a document that the other removed is a conflict', () => {
    const removed = branch((draft) => {
      draft.removeDocument('heat');
    });
    const edited = branch(set('heat', 'year', 1));
    const error = thrownBy(() => merge(removed, edited, films)) as MergeConflictError;
    expect(error.conflicts).toMatchObject([
      { documentId: 'heat', part: 'metadata', path: '', ours: undefined },
    ]);
    expect(getDocument(merge(removed, edited, films, { onConflict: 'ours' }), 'heat')).toBeUndefined();
    expect(getDocument(merge(removed, edited, films, { onConflict: 'theirs' }), 'heat')?.metadata?.year).toBe(
      1,
    );
  });

  test('cannot bring together a text and a posting beyond it', () => {
    const told = branch((draft) => {
      draft.setText('ran', 'short');
    });
    const placed = branch((draft) => {
      draft.addPosting({ documentId: 'ran', start: 9, vector: [1, 1] });
    });
    for (const [a, b] of [
      [told, placed],
      [placed, told],
    ] as const) {
      const error = thrownBy(() => merge(a, b, films, { onConflict: 'theirs' })) as MergeConflictError;
      expect(error).toBeInstanceOf(MergeConflictError);
      expect(error.conflicts).toMatchObject([{ documentId: 'ran', start: 9 }]);
    }
    expect(postings(merge(told, films, films), 'ran')).toHaveLength(1);
  });
});

test('merging flat metadata is a three-way merge of maps, whichever side is ours', () => {
  const name = fc.constantFrom('a', 'b', '__proto__', 'constructor');
  const side = fc.dictionary(name, fc.integer({ min: 0, max: 2 }), { noNullPrototype: true });
  const own = (all: Record<string, number>, key: string): number | undefined =>
    Object.hasOwn(all, key) ? all[key] : undefined;
  let conflicts = 0;
  fc.assert(
    fc.property(side, side, side, (base, ours, theirs) => {
      const [b, o, t] = [base, ours, theirs].map((metadata) =>
        update(films, (draft) => {
          draft.setMetadata('m', metadata);
        }),
      );
      const expected = new Map<string, number>();
      const met: string[] = [];
      for (const key of ['a', 'b', '__proto__', 'constructor']) {
        const [was, mine, other] = [own(base, key), own(ours, key), own(theirs, key)];
        const value = mine === other || was === other ? mine : was === mine ? other : (met.push(key), mine);
        if (value !== undefined) expected.set(key, value);
      }
      conflicts += met.length;
      const asked: string[] = [];
      const merged = merge(o, t, b, {
        onConflict: (conflict) => {
          asked.push((conflict as RecordConflict).path);
          return 'ours';
        },
      });
      expect(asked.sort()).toEqual(met.sort());
      const fieldsOf = Object.entries(getDocument(merged, 'm')?.metadata ?? {});
      expect(new Map(fieldsOf)).toEqual(expected);
    }),
  );
  expect(conflicts).toBeGreaterThan(10);
});
