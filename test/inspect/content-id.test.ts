/* The content id: equal contents, one id; anything else, another one. The primitives by the vectors of their standards. */

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidIndexError, type ShardexIndex, contentId, createIndex, postings, update } from 'shardex';
import { stream } from '../../src/inspect/content/chacha.js';
import { SetHash } from '../../src/inspect/content/set-hash.js';
import { sha256 } from '../../src/inspect/content/sha256.js';

const hex = (words: Uint32Array): string =>
  Array.from(words, (word) => word.toString(16).padStart(8, '0')).join('');

describe('the primitives', () => {
  test('SHA-256 is that of Node, for every length around its blocks', () => {
    for (const length of [...Array.from({ length: 200 }, (_, i) => i), 1000, 4096, 100_003]) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 0xff);
      expect(hex(sha256(bytes)), String(length)).toBe(createHash('sha256').update(bytes).digest('hex'));
    }
    const memory = Uint8Array.from({ length: 300 }, (_, i) => i & 0xff);
    const part = memory.subarray(3, 203);
    expect(hex(sha256(part))).toBe(createHash('sha256').update(part).digest('hex'));
  });

  test('ChaCha is that of RFC 8439, section 2.3.2', () => {
    const key = new Uint32Array(Uint8Array.from({ length: 32 }, (_, i) => i).buffer);
    const block = new Uint32Array(16);
    stream(key, [1, 0x09000000, 0x4a000000, 0], 20, block);
    expect(hex(block.subarray(0, 8))).toBe(
      'e4e7f11015593bd11fdd0f50c47120a3c7f4d1c70368c0339aaa22044e6cd4c3',
    );
    expect(hex(block.subarray(8))).toBe('466482d209aa9f0705d7c214a2028bd9d19c12b5b94e16dee883d0cb4e3c50a2');
  });

  test('a set hash forgets what was taken out, and does not mind the order', () => {
    const [a, b, c] = [1, 2, 3].map((n) => Uint8Array.of(n));
    const [one, other] = [new SetHash(), new SetHash()];
    for (const element of [a, b, c]) one.add(element);
    for (const element of [c, a]) other.add(element);
    expect(other.toString()).not.toBe(one.toString());
    other.add(b);
    expect(other.toString()).toBe(one.toString());
    one.remove(a);
    const rest = new SetHash();
    rest.add(c);
    rest.addAll(rest.copy());
    // Twice is not once: these are sums, not exclusive ors.
    expect(rest.toString()).not.toBe(new SetHash().toString());
    other.remove(a);
    expect(one.toString()).toBe(other.toString());
  });
});

type Contents = ReadonlyMap<
  string,
  { x: number; text?: string | undefined; metadata?: Record<string, number> | undefined }
>;

const options = { dimensions: 2, shardCapacity: 8 };

/** Builds contents by another way each time: in an order, with detours. */
function built(contents: Contents, order: readonly number[], detours: boolean): ShardexIndex {
  let index = createIndex(options);
  const entries = [...contents].map((entry, i) => [order[i % order.length] ?? 0, i, entry] as const);
  entries.sort(([a, i], [b, j]) => a - b || i - j);
  for (const [, i, [documentId, { x, text, metadata }]] of entries)
    index = update(index, (draft) => {
      if (detours) {
        draft.addPosting({ documentId: `detour ${i}`, vector: [i, i] });
        draft.addPosting({ documentId, vector: [9, 9] });
        draft.setMetadata(`detour ${i}`, { i });
      }
      draft.addPosting({ documentId, vector: [x, 1] });
      if (text !== undefined) draft.setText(documentId, text);
      if (metadata !== undefined) {
        const names = Object.entries(metadata);
        draft.setMetadata(documentId, Object.fromEntries(detours ? names.reverse() : names));
      }
      if (detours) draft.removeDocument(`detour ${i}`);
    });
  return index;
}

const contents = fc
  .uniqueArray(
    fc.record({
      id: fc.oneof(fc.string({ minLength: 1, maxLength: 3 }), fc.constantFrom('\ud800', '\ud801', '\ufffd')),
      x: fc.integer({ min: -5, max: 5 }),
      text: fc.option(fc.string({ maxLength: 3 }), { nil: undefined }),
      metadata: fc.option(fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.nat(3)), { nil: undefined }),
    }),
    { selector: ({ id }) => id, maxLength: 30 },
  )
  .map((all): Contents => new Map(all.map(({ id, ...rest }) => [id, rest])));

describe('the content id', () => {
  test('is the same by every way', () => {
    fc.assert(
      fc.property(contents, fc.array(fc.nat(), { minLength: 1 }), (wanted, order) => {
        const [one, other] = [built(wanted, [0], false), built(wanted, order, true)];
        expect(contentId(other)).toBe(contentId(one));
        expect(contentId(createIndex({ ...options, metric: 'euclidean' }, [...postings(one)]))).toBe(
          contentId(
            update(one, (draft) => {
              for (const [id, { text, metadata }] of wanted) {
                if (text !== undefined) draft.setText(id, undefined);
                if (metadata !== undefined) draft.setMetadata(id, undefined);
              }
            }),
          ),
        );
      }),
      { numRuns: 60 },
    );
  });

  test('is another one after any change, and the old one when that is taken back', () => {
    const base = built(
      new Map([
        ['a', { x: 1, text: 'ab', metadata: { n: 1 } }],
        ['b', { x: 2 }],
      ]),
      [0],
      false,
    );
    const changes: ((draft: Parameters<Parameters<typeof update>[1]>[0]) => void)[] = [
      (draft) => {
        draft.addPosting({ documentId: 'c', vector: [1, 1] });
      },
      (draft) => {
        draft.addPosting({ documentId: 'b', start: 1, vector: [2, 1] });
      },
      (draft) => {
        draft.addPosting({ documentId: 'b', length: 1, vector: [2, 1] });
      },
      (draft) => {
        draft.addPosting({ documentId: 'b', vector: [2, 1 + 2 ** -23] });
      },
      (draft) => {
        draft.addPosting({ documentId: 'b', vector: [2, -0] });
      },
      (draft) => {
        draft.addPosting({ documentId: 'b', vector: [2, 0] });
      },
      (draft) => draft.removeDocument('b'),
      (draft) => {
        draft.setText('a', 'ac');
      },
      (draft) => {
        draft.setText('a', undefined);
      },
      (draft) => {
        draft.setText('b', '');
      },
      (draft) => {
        draft.setMetadata('a', { n: 2 });
      },
      (draft) => {
        draft.setMetadata('a', { n: '1' });
      },
      (draft) => {
        draft.setMetadata('a', {});
      },
      (draft) => {
        draft.setMetadata('a', undefined);
      },
      (draft) => {
        draft.setMetadata('b', { n: 1 });
      },
    ];
    const ids = changes.map((change) => {
      const next = update(base, (draft) => {
        change(draft);
      });
      // Also computed from nothing, without what is known of the base.
      const again = update(createIndex(options), (draft) => {
        draft.addPostings([...postings(next)]);
        for (const [id, { text, metadata }] of next.records) {
          if (text !== undefined) draft.setText(id, text);
          if (metadata !== undefined) draft.setMetadata(id, metadata);
        }
      });
      expect(contentId(again)).toBe(contentId(next));
      return contentId(next);
    });
    expect(new Set([contentId(base), ...ids]).size).toBe(changes.length + 1);
    const back = update(
      update(base, (draft) => {
        draft.removeDocument('a');
      }),
      (draft) => {
        draft.putDocument('a', { text: 'ab', metadata: { n: 1 }, postings: [{ vector: [1, 1] }] });
      },
    );
    expect(contentId(back)).toBe(contentId(base));
  });

  test('has 64 digits, stays the same across releases, and refuses what is no index', () => {
    expect(contentId(createIndex(options))).toMatch(/^[0-9a-f]{64}$/);
    const index = built(new Map([['a', { x: 1, text: 'ab', metadata: { n: 1 } }]]), [0], false);
    expect(contentId(index)).toBe('9a6797e2b2dc147910f6a9819bcf733f2b6521320a83f5c51bd53df75cc41a2d');
    expect(() => contentId({} as ShardexIndex)).toThrow(InvalidIndexError);
  });
});
