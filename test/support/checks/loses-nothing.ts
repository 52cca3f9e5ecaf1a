import * as fc from 'fast-check';
import type { CowShardexIndex } from 'shardex';
import type { Library } from '../library.js';
import { checkThat } from './check-that.js';

/** The ways to publish one posting; each may be overtaken at every `pause`. */
const WAYS = ['updateAsync', 'writer', 'update', 'compare-and-set'] as const;
type Way = (typeof WAYS)[number];

/** What a run came to, to be compared with the cell's own metrics. */
export interface Tally {
  /** Recipes and writers started, which is how often a writer was made. */
  clones: number;
  /** Recipes of `updateAsync` that were run. */
  recipes: number;
  /** Of those, the updates that were published. */
  published: number;
  /** Conflicts that the test itself saw. */
  conflicts: number;
  /** Adds in all. */
  readonly adds: number;
  /** Whether every writer would rather retry than take a turn, so that each retry stands for a conflict. */
  readonly turnless: boolean;
}

export interface Race {
  readonly cell: CowShardexIndex;
  readonly tally: Tally;
}

/** More retries than anyone can need here. */
const PATIENT = 1000;

const writer = fc.record({
  way: fc.constantFrom(...WAYS),
  /** How often it pauses between looking and publishing. */
  pauses: fc.nat(3),
  retries: fc.constantFrom(0, 1, 3, PATIENT, PATIENT),
});

/**
 * I3: n writers of m postings each, interleaved in any way, always come to n · m postings and n · m versions. All of
 * them write to one document, with keys of their own, so that whoever comes second has to be joined.
 */
export async function losesNothing(
  lib: Library,
  runs: number,
  alsoCheck: (race: Race) => void = () => undefined,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(writer, { minLength: 2, maxLength: 5 }),
      fc.integer({ min: 1, max: 4 }),
      async (scheduler, writers, m) => {
        const cell = new lib.CowShardexIndex(lib.createIndex({ dimensions: 2, shardCapacity: 8 }));
        const turnless = writers.every(({ retries }) => retries === PATIENT);
        const adds = writers.length * m;
        const tally: Tally = { clones: 0, recipes: 0, published: 0, conflicts: 0, adds, turnless };
        const all = writers.map(async ({ way, pauses, retries }, w) => {
          const pause = async (): Promise<void> => {
            for (let i = 0; i < pauses; i++) await scheduler.schedule(Promise.resolve(), `writer ${w}`);
          };
          for (let i = 0; i < m; i++) {
            await add(
              lib,
              cell,
              tally,
              way,
              retries,
              { documentId: 'd', start: w * m + i, vector: [w, i] },
              pause,
            );
          }
        });
        await scheduler.waitFor(Promise.all(all));
        checkThat(cell.postingCount === tally.adds, 'every posting that was published is there');
        checkThat(lib.postings(cell.read(), 'd').length === tally.adds, 'and is found');
        checkThat(cell.version === tally.adds, 'every publication has a number of its own');
        checkThat(lib.verify(cell.read()).length === 0, 'the outcome is sound');
        alsoCheck({ cell, tally });
      },
    ),
    { numRuns: runs },
  );
}

async function add(
  lib: Library,
  cell: CowShardexIndex,
  tally: Tally,
  way: Way,
  retries: number,
  posting: Parameters<Parameters<Parameters<typeof cell.update>[0]>[0]['addPosting']>[0],
  pause: () => Promise<void>,
): Promise<void> {
  switch (way) {
    case 'updateAsync':
      await cell.updateAsync(
        async (draft) => {
          tally.clones++;
          tally.recipes++;
          draft.addPosting(posting);
          await pause();
        },
        { retries },
      );
      tally.published++;
      return;
    case 'writer': {
      tally.clones++;
      const mine = cell.cloneForWrite();
      await pause();
      mine.addPosting(posting);
      await pause();
      mine.commitChanges();
      return;
    }
    case 'update':
      await pause();
      tally.clones++;
      cell.update((draft) => {
        draft.addPosting(posting);
      });
      return;
    case 'compare-and-set':
      for (;;) {
        const expected = cell.read();
        const next = lib.update(expected, (draft) => {
          draft.addPosting(posting);
        });
        await pause();
        try {
          cell.commitChanges(next, { expected });
          return;
        } catch (error) {
          if (!(error instanceof lib.ConflictError)) throw error;
          tally.conflicts++;
        }
      }
  }
}
