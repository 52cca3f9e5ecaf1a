// Counts the postings that a draft writes, and draws some of them for the sample (reservoir sampling).
import { countedOn, greatestChance } from '../calibration/calibration.js';
import type { PostingKey } from '../errors.js';
import { seededRandom } from '../geometry/random.js';
import { keyOfRow, keyText } from '../version/posting.js';
import { type RowList, columnsOf } from '../version/row-block.js';

/** A posting that was written, and may come into the sample. */
interface Lot {
  readonly key: PostingKey;
  /** Its place in the order of writing; see `Sample`. */
  readonly born: number;
  /** The random number that decides: it is drawn if its chance is greater. */
  readonly drawn: number;
}

/**
 * Counts the postings that a draft writes, and draws some of them for the sample. The random numbers follow from the
 * fingerprint of the version that the draft was made from, so equal operations draw equally (I10).
 */
export class Written {
  /** Postings written so far. */
  count = 0;
  readonly #before: number;
  readonly #churn: number;
  readonly #random: () => number;
  readonly #lots: Lot[] = [];

  /** `postingCount`, `churn` and `fingerprint` are those of the version that the draft goes on from. */
  constructor(postingCount: number, churn: number, fingerprint: string) {
    this.#before = postingCount;
    this.#churn = churn;
    this.#random = seededRandom(Number.parseInt(fingerprint.slice(0, 8), 16));
  }

  /** Notes rows that are written. Time: O(rows). */
  add(rows: RowList): void {
    for (let i = 0; i < rows.length; i++) {
      const postingCount = this.#before + ++this.count;
      const drawn = this.#random();
      // The chance only falls as the index grows, so what is passed over here would not be drawn in the end.
      if (drawn >= greatestChance(postingCount)) continue;
      const key = keyOfRow(columnsOf(rows.blocks[i]), rows.rows[i]);
      this.#lots.push({ key, born: countedOn(this.#churn, this.count), drawn });
    }
  }

  /** Returns postings, each drawn with this chance, in the order of writing; of several with one key only the last. */
  drawn(chance: number): Lot[] {
    const byKey = new Map<string, Lot>();
    for (const lot of this.#lots) {
      if (lot.drawn >= chance) continue;
      const text = keyText(lot.key.documentId, lot.key.start, lot.key.length);
      byKey.delete(text);
      byKey.set(text, lot);
    }
    return [...byKey.values()];
  }
}
