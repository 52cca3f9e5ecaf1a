// Deltas of documents: as values, as bytes, composed, inverted, and damaged.
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import {
  type Delta,
  InvalidDeltaError,
  type ShardexIndex,
  applyDelta,
  composeDeltas,
  createIndex,
  decodeDelta,
  diff,
  encodeDelta,
  getDocument,
  invertDelta,
  recordChanges,
  update,
  updateWithDelta,
  verify,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { CHECKSUM } from '../../src/delta/encode.js';
import { checksumOf } from '../../src/delta/checksum.js';
import { type Change, changed, edit, films, recordsOf, set } from './fixtures.js';
import { metadata } from './values.js';

const changes: readonly (readonly [string, Change])[] = [
  ['an edit', set('heat', 'year', 1996)],
  [
    'a text',
    (draft) => {
      draft.setText('ran', 'chaos');
    },
  ],
  [
    'a document that is new',
    (draft) => {
      draft.putDocument('new', { metadata: { a: 1 }, text: '' });
    },
  ],
  [
    'a document that goes',
    (draft) => {
      draft.removeDocument('heat');
    },
  ],
  [
    'a record that goes',
    (draft) => {
      draft.setText('alone', undefined);
    },
  ],
  [
    'a posting of a document that had none',
    (draft) => {
      draft.addPosting({ documentId: 'alone', vector: [1, 2] });
    },
  ],
  [
    'the last posting of a document with a record',
    (draft) => {
      draft.replaceDocument('ran', []);
    },
  ],
  [
    'a record of a document that had none',
    (draft) => {
      draft.setMetadata('bare', { a: [] });
    },
  ],
];

function expectSame(actual: ShardexIndex, expected: ShardexIndex): void {
  expect(actual.fingerprint).toBe(expected.fingerprint);
  expect(recordsOf(actual)).toEqual(recordsOf(expected));
  expect([...verify(actual)]).toEqual([]);
  const { documentCount, placedCount, recordBytes } = expected;
  expect(actual).toMatchObject({ documentCount, placedCount, recordBytes });
}

const sent = (delta: Delta): Delta => decodeDelta(encodeDelta(delta));

describe.each(changes)('a delta of %s', (_, change) => {
  const next = changed(films, change);
  const delta = diff(films, next);

  test('leads to the next version, as a value and as bytes, and back', () => {
    expectSame(applyDelta(films, delta), next);
    expectSame(applyDelta(films, sent(delta)), next);
    expectSame(applyDelta(films, sent(delta), { verify: true }), next);
    const back = invertDelta(films, sent(delta));
    expectSame(applyDelta(next, back), films);
    expect(encodeDelta(sent(delta))).toEqual(encodeDelta(delta));
  });

  test('shares what stays the same, also where it came as bytes', () => {
    const applied = applyDelta(films, sent(delta));
    for (const id of ['heat', 'ran', 'alone'])
      if (getDocument(next, id) === getDocument(films, id))
        expect(getDocument(applied, id)).toBe(getDocument(films, id));
    expect(applyDelta(films, delta).records.equals(next.records)).toBe(true);
  });

  test('has the records before and after, and lists the documents', () => {
    const ids = new Set([...films.records.keys(), ...next.records.keys()]);
    const differ = [...ids].filter((id) => getDocument(films, id) !== getDocument(next, id)).sort();
    expect(delta.records.map(({ documentId }) => documentId)).toEqual(differ);
    for (const { documentId, before, after } of delta.records) {
      expect(before).toBe(getDocument(films, documentId));
      expect(after).toBe(getDocument(next, documentId));
    }
    expect(recordChanges(films, sent(delta))).toEqual(delta.records);
    expect(sent(delta).documents).toEqual(delta.documents);
    const all = (index: ShardexIndex): Set<string> =>
      new Set([...index.records.keys(), ...index.documents.value.keys()]);
    const [before, after] = [all(films), all(next)];
    expect(delta.documents.added).toEqual([...after].filter((id) => !before.has(id)).sort());
    expect(delta.documents.removed).toEqual([...before].filter((id) => !after.has(id)).sort());
    for (const id of differ)
      if (before.has(id) && after.has(id)) expect(delta.documents.updated).toContain(id);
  });
});

test('deltas of documents compose to what the whole way comes to', () => {
  for (const [, first] of changes) {
    for (const [, second] of changes) {
      const middle = changed(films, first);
      let last: ShardexIndex;
      try {
        last = changed(middle, second);
      } catch {
        // The document that it would edit is gone.
        continue;
      }
      for (const pass of [(delta: Delta): Delta => delta, sent]) {
        const composed = composeDeltas(pass(diff(films, middle)), pass(diff(middle, last)));
        expectSame(applyDelta(films, composed), last);
        expectSame(applyDelta(films, sent(composed)), last);
        const { added, removed } = diff(films, last).documents;
        expect(composed.documents).toMatchObject({ added, removed });
      }
    }
  }
});

test('what is set and taken back composes to no change of a record', () => {
  const first = updateWithDelta(films, (draft) => {
    draft.setText('new', 'x');
  });
  const second = updateWithDelta(first.index, (draft) => {
    draft.setText('new', undefined);
  });
  const composed = composeDeltas(first.delta, second.delta);
  expect(composed.records).toEqual([]);
  expect(composed.documents).toEqual({ added: [], removed: [], updated: [] });
});

test('any metadata and texts come back from bytes as they were', () => {
  fc.assert(
    fc.property(metadata, fc.string({ unit: 'binary' }), (fields, text) => {
      const next = changed(films, (draft) => {
        draft.putDocument('any', { metadata: fields, text });
      });
      const applied = applyDelta(films, sent(diff(films, next)));
      expect(JSON.stringify(getDocument(applied, 'any'))).toBe(JSON.stringify(getDocument(next, 'any')));
      expectSame(applied, next);
    }),
    { numRuns: 60 },
  );
});

describe('bytes of documents that were forged', () => {
  const before = changed(films, (draft) => {
    draft.putDocument('m', { text: 'ttt', metadata: { q: 'x"}' } });
  });
  const bytes = encodeDelta(diff(films, before));
  const forged = (from: string, to: string): Delta => {
    const text = Buffer.from(bytes).toString('latin1');
    expect(text).toContain(from);
    const copy = new Uint8Array(Buffer.from(text.replace(from, to), 'latin1'));
    const words = new Uint32Array(copy.buffer);
    words.set(checksumOf(words, CHECKSUM), CHECKSUM);
    return decodeDelta(copy);
  };

  test.each([
    ['{"q":"x\\"}"}', '{"q":"x\\"}"]'],
    ['{"q":"x\\"}"}', '[1,2,3,4,5,6]'.slice(0, 12)],
    ['{"q":"x\\"}"}', '"0123456789"'],
    ['{"q":"x\\"}"}', '{"q":1e99999}'.slice(0, 11) + '}'],
  ])('%s for %s are refused', (from, to) => {
    expect(to.length).toBe(from.length);
    // A number that only looks large is one.
    if (to.includes('e9999}')) expect(() => forged(from, to)).toThrow(InvalidDeltaError);
    else expect(() => forged(from, to)).toThrow(InvalidDeltaError);
  });

  test('and a record of a document that the base knows otherwise', () => {
    const other = update(before, (draft) => {
      draft.removeDocument('m');
    });
    const again = diff(other, before);
    // The same document is new for one of the two only.
    const base = { ...before, version: other.version, fingerprint: other.fingerprint } as ShardexIndex;
    expect(() => applyDelta(base, sent(again))).toThrow(InvalidDeltaError);
  });

  test('are used or refused, whatever byte is wrong', () => {
    let refused = 0;
    for (let at = bytes.length - 60; at < bytes.length; at++) {
      for (const value of [0, 1, 2, 0x7f, 0x80, 0xff]) {
        const copy = bytes.slice();
        copy[at] = value;
        const words = new Uint32Array(copy.buffer);
        words.set(checksumOf(words, CHECKSUM), CHECKSUM);
        try {
          applyDelta(films, decodeDelta(copy));
        } catch (error) {
          if (!(error instanceof InvalidDeltaError)) throw error;
          refused++;
        }
      }
    }
    expect(refused).toBeGreaterThan(100);
  });
});

describe('bytes that an earlier version of the library wrote', () => {
  const options = { dimensions: 3, shardCapacity: 8, metric: 'euclidean' } as const;
  const base = createIndex(
    options,
    Array.from({ length: 20 }, (_, i) => ({
      documentId: `d${i % 7}`,
      start: i,
      length: 1,
      vector: [i % 5, i % 3, i],
    })),
  );
  const golden = (format: number): Uint8Array =>
    new Uint8Array(readFileSync(new URL(`../delta/golden/format-${format}.delta`, import.meta.url)));

  test('before there were records are read as ever', () => {
    expect(new DataView(golden(3).buffer).getUint32(4, true)).toBe(3);
    const next = applyDelta(base, decodeDelta(golden(3)), { verify: true });
    expect(next.fingerprint).toBe('61e1da0cbfc5e7e8');
    expect(next).toMatchObject({ postingCount: 18, documentCount: 7 });
  });

  test.each([4, 5])('with records are read as ever: format %i', (format) => {
    const delta = decodeDelta(golden(format));
    const next = applyDelta(base, delta, { verify: true });
    expect(JSON.stringify(getDocument(next, 'film'))).toBe(
      '{"text":"Heat \u{1f600}","metadata":{"title":"Heat","year":1995,"tags":["crime",null],"__proto__":{"a":1.5}}}',
    );
    expect(getDocument(next, 'alone')?.metadata).toEqual({ lone: '\ud800' });
    expect(encodeDelta(delta)).toEqual(golden(5));
  });
});

test('edits of metadata travel without a vector', () => {
  const bytes = encodeDelta(
    diff(
      films,
      changed(
        films,
        edit('ran', (fields) => {
          fields.year = 1986;
        }),
      ),
    ),
  );
  expect(new DataView(bytes.buffer).getUint32(12, true)).toBe(0);
  expect(bytes.length).toBeLessThan(200);
});
