import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IdColumn, type IdPart, WantedId, WantedIds } from '../../src/collections/id-column.js';
import { hashOf } from '../../src/collections/hash.js';

const id = fc.oneof(
  fc.nat(30).map((i) => `d${i}`),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
  fc.constantFrom('\ud800', '\0', 'ÿ', 'Ā', '𝄞'),
  fc.constantFrom(254, 255, 256, 65_536, 65_539).map((length) => 'x'.repeat(length)),
);
const column = fc
  .record({
    ids: fc.array(id, { minLength: 1, maxLength: 70, size: 'max' }),
    room: fc.nat(20),
    seed: fc.nat(),
  })
  .map(({ ids, room, seed }) => ({ ids, capacity: ids.length + room, seed }));

/** The rows, in an order that branches which claimed them in turn may have written them. */
function* shuffled(count: number, seed: number): Iterable<number> {
  const left = Array.from({ length: count }, (_, i) => i);
  for (let i = seed; left.length > 0; i = (Math.imul(i, 48_271) + 1) >>> 0)
    yield* left.splice(i % Math.min(left.length, 5), 1);
}

function filled(ids: readonly string[], capacity: number, order: Iterable<number>): IdColumn {
  const made = new IdColumn(capacity);
  for (const row of order) made.set(row, ids[row]);
  return made;
}

describe('a column of ids', () => {
  test('gives back what was put in, in whatever order it came', () => {
    fc.assert(
      fc.property(column, ({ ids, capacity, seed }) => {
        const made = new IdColumn(capacity);
        const there = new Set<number>();
        for (const row of shuffled(ids.length, seed)) {
          made.set(row, ids[row]);
          there.add(row);
          for (let other = 0; other < capacity; other++) {
            expect(made.has(other)).toBe(there.has(other));
            if (there.has(other)) expect(made.at(other)).toBe(ids[other]);
          }
        }
      }),
    );
  });

  test('knows the rows of an id, and those of several, as comparing strings would', () => {
    fc.assert(
      fc.property(column, fc.array(id, { maxLength: 8 }), ({ ids, capacity, seed }, others) => {
        const made = filled(ids, capacity, shuffled(ids.length, seed));
        const wanted = new Set([...others, ids[0]]);
        const several = new WantedIds(wanted);
        for (const one of wanted) {
          const rows = ids.map((_, row) => made.is(row, new WantedId(one)));
          expect(rows).toEqual(ids.map((each) => each === one));
        }
        expect(ids.map((_, row) => several.idAt(made, row))).toEqual(
          ids.map((each) => (wanted.has(each) ? each : undefined)),
        );
        wanted.delete(ids[0]);
        expect(several.idAt(made, 0)).toBeUndefined();
      }),
    );
  });

  test('is the same elsewhere, whatever parts it is sent in, also where parts come twice', () => {
    fc.assert(
      fc.property(
        column,
        fc.array(fc.nat(70), { maxLength: 6 }),
        fc.nat(20),
        ({ ids, capacity }, cuts, again) => {
          const made = filled(ids, capacity, ids.keys());
          const other = new IdColumn(capacity);
          const ends = [...cuts.filter((cut) => cut < ids.length), ids.length].sort((a, b) => a - b);
          const parts: IdPart[] = ['of other rows'];
          let known = 0;
          let at = 1;
          for (const end of ends) {
            const from = Math.max(0, known - again);
            made.partsInto(parts, from, end);
            at = other.putParts(structuredClone(parts), at, from, end, known);
            expect(at).toBe(parts.length);
            known = Math.max(known, end);
            for (let row = 0; row < known; row++) expect(other.at(row)).toBe(ids[row]);
            if (known < capacity) expect(other.has(known)).toBe(false);
          }
        },
      ),
    );
  });

  test('sends sixteen ids as one text', () => {
    const ids = Array.from({ length: 40 }, (_, i) => `d${i}`);
    const parts: IdPart[] = [];
    filled(ids, 40, ids.keys()).partsInto(parts, 10, 40);
    expect(parts).toHaveLength(6 + 2);
  });

  test('tells ids of one length and one byte of the hash apart', () => {
    const byteOf = (text: string): number => hashOf(text) & 0xff;
    const alike = Array.from({ length: 9000 }, (_, i) => String(1000 + i)).filter(
      (text) => byteOf(text) === 7,
    );
    expect(alike.length).toBeGreaterThan(16);
    const made = filled(alike, alike.length, alike.keys());
    alike.forEach((one, row) => {
      expect(alike.filter((_, other) => made.is(other, new WantedId(one)))).toEqual([alike[row]]);
    });
  });
});
