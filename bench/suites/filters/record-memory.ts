// The memory that a record takes beside its own strings.
import { createIndex, type Metadata, search, type ShardexIndex, update } from '../../../dist/index.js';
import { memory } from '../../../demo/memory.js';
import { count, rounded } from '../../../demo/units.js';
import type { Table } from '../../result.js';
import type { Note } from './by-share.js';

interface Kind {
  readonly name: string;
  readonly indexed: readonly string[];
  readonly of: (i: number) => { readonly text?: string; readonly metadata?: Metadata };
}

const three = (i: number): Metadata => ({
  title: `title ${i}`,
  year: 1900 + (i % 120),
  rating: (i % 97) / 7,
});

const KINDS: readonly Kind[] = [
  { name: 'a text', indexed: [], of: (i) => ({ text: `The text of ${i}.` }) },
  {
    name: 'metadata of one number',
    indexed: [],
    of: (i) => ({ metadata: { year: 1900 + (i % 120) } }),
  },
  { name: 'metadata of a string and two numbers', indexed: [], of: (i) => ({ metadata: three(i) }) },
  { name: 'the same, one path indexed', indexed: ['year'], of: (i) => ({ metadata: three(i) }) },
  {
    name: 'the same, three paths indexed',
    indexed: ['year', 'title', 'rating'],
    of: (i) => ({ metadata: three(i) }),
  },
];

/** Bytes of a record of several kinds, beside those of the same in a plain `Map`; strings are there before. */
export function recordMemory(documents: number, note: Note): Table {
  const rows: string[][] = [];
  for (const { name, indexed, of } of KINDS) {
    const given = Array.from({ length: documents }, (_, i) => ({ documentId: `document ${i}`, ...of(i) }));
    const grown = (make: () => unknown): number => {
      const before = memory();
      const made = make();
      const bytes = (memory() - before) / documents;
      // Kept alive until it was measured.
      return made === undefined ? 0 : bytes;
    };
    const map = grown(
      () =>
        new Map(
          given.map(({ documentId, text, metadata }) => [
            documentId,
            { ...(text !== undefined && { text }), ...(metadata && { metadata: { ...metadata } }) },
          ]),
        ),
    );
    let index: ShardexIndex<Metadata> = createIndex({ dimensions: 2, indexed });
    const own = grown(
      () =>
        (index = update(index, (draft) => {
          draft.putDocuments(given);
        })),
    );
    const filtered = grown(() => search(index, [1, 0], { k: 1, where: { year: { $lt: 1950 } } }));
    note(`bytes of a record, ${name}`, own, 'bytes');
    note(`bytes of a record, ${name}, in a Map`, map, 'bytes');
    rows.push([name, rounded(own), rounded(own + filtered), rounded(map)]);
  }
  return {
    caption: `Bytes of a record beside its strings, of ${count(documents)} documents without postings.`,
    head: ['record', 'in a version', 'after a filter', 'in a plain `Map`'],
    rows,
  };
}
