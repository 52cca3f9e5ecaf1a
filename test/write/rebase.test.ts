import { ConflictError, CowShardexIndex, createIndex, type IndexDraft, type Posting } from 'shardex';
import { describe, expect, test } from 'vitest';
import { numbered } from '../support/postings.js';
import { allPostings, expectSound } from '../support/sound.js';

const posting = (documentId: string, start: number, value: number): Posting => ({
  documentId,
  start,
  vector: [value],
});

/** Documents a and b, among others, so that their shards are shared with those others. */
const BASE = createIndex({ dimensions: 1, metric: 'euclidean', shardCapacity: 8 }, [
  posting('a', 0, 1),
  posting('a', 1, 30),
  posting('b', 0, 2),
  ...numbered(40, (i) => [i]),
]);

interface Change {
  readonly name: string;
  readonly run: (draft: IndexDraft) => void;
  /** The keys that it changes; `whole` where it removes or replaces a whole document. */
  readonly keys: readonly string[];
  /** Those that it writes as they are: nothing changes, but they have to be there in the end. */
  readonly again?: readonly string[];
  readonly whole?: boolean;
}

const CHANGES: readonly Change[] = [
  {
    name: 'adds to a',
    keys: ['a2'],
    run: (draft) => {
      draft.addPosting(posting('a', 2, 5));
    },
  },
  {
    name: 'adds to a, otherwise',
    keys: ['a2'],
    run: (draft) => {
      draft.addPosting(posting('a', 2, 6));
    },
  },
  {
    name: 'changes one of a, and its shard',
    keys: ['a0'],
    run: (draft) => {
      draft.addPosting(posting('a', 0, 25));
    },
  },
  {
    name: 'changes the other of a, in place',
    keys: ['a1'],
    run: (draft) => {
      draft.addPosting(posting('a', 1, 30.5));
    },
  },
  {
    name: 'adds b again as it is',
    keys: [],
    again: ['b0'],
    run: (draft) => {
      draft.addPosting(posting('b', 0, 2));
    },
  },
  {
    name: 'adds b again as it is, and more',
    keys: ['c0'],
    again: ['b0'],
    run: (draft) => {
      draft.addPostings([posting('b', 0, 2), posting('c', 0, 4)]);
    },
  },
  {
    name: 'adds a and b at once',
    keys: ['a3', 'b3'],
    run: (draft) => {
      draft.addPostings([posting('a', 3, 7), posting('b', 3, 8)]);
    },
  },
  {
    name: 'removes a',
    keys: ['a0', 'a1'],
    whole: true,
    run: (draft) => {
      draft.removeDocument('a');
    },
  },
  {
    name: 'removes one posting of a',
    keys: ['a0'],
    run: (draft) => {
      draft.removePosting({ documentId: 'a', start: 0 });
    },
  },
  {
    name: 'removes the other one',
    keys: ['a1'],
    run: (draft) => {
      draft.removePosting({ documentId: 'a', start: 1 });
    },
  },
  {
    name: 'removes a posting of a that is not there',
    keys: [],
    again: ['a2'],
    run: (draft) => {
      draft.removePosting({ documentId: 'a', start: 2 });
    },
  },
  {
    name: 'removes one posting of a, and makes it again as it was',
    keys: [],
    again: ['a0'],
    run: (draft) => {
      draft.removePosting({ documentId: 'a', start: 0 });
      draft.addPosting(posting('a', 0, 1));
    },
  },
  {
    name: 'removes the only posting of b',
    keys: ['b0'],
    run: (draft) => {
      draft.removePosting({ documentId: 'b' });
    },
  },
  {
    name: 'removes b',
    keys: ['b0'],
    whole: true,
    run: (draft) => {
      draft.removeDocument('b');
    },
  },
  {
    name: 'replaces a',
    keys: ['a0', 'a1', 'a9'],
    whole: true,
    run: (draft) => {
      draft.replaceDocument('a', [posting('a', 9, 9)]);
    },
  },
  {
    name: 'replaces a by what it had, and more',
    keys: ['a8'],
    whole: true,
    run: (draft) => {
      draft.replaceDocument('a', [posting('a', 0, 1), posting('a', 1, 30), posting('a', 8, 3)]);
    },
  },
  {
    name: 'replaces a by what it had',
    keys: [],
    whole: true,
    again: ['a0', 'a1', 'a2', 'a3', 'a8', 'a9'],
    run: (draft) => {
      draft.replaceDocument('a', [posting('a', 0, 1), posting('a', 1, 30)]);
    },
  },
  {
    name: 'removes a document that is not there',
    keys: [],
    whole: true,
    again: ['new0', 'new1'],
    run: (draft) => {
      draft.removeDocument('new');
    },
  },
  {
    name: 'removes a, and makes it again as it was',
    keys: [],
    whole: true,
    again: ['a0', 'a1', 'a2', 'a3', 'a8', 'a9'],
    run: (draft) => {
      draft.removeDocument('a');
      draft.addPostings([posting('a', 0, 1), posting('a', 1, 30)]);
    },
  },
  {
    name: 'makes a new document',
    keys: ['new0'],
    run: (draft) => {
      draft.addPosting(posting('new', 0, 3));
    },
  },
  {
    name: 'adds so much that everything is split',
    keys: ['many'],
    run: (draft) => {
      draft.addPostings(numbered(200, (i) => [i / 5], 'many'));
    },
  },
  {
    name: 'removes so much that everything is merged',
    keys: ['others'],
    whole: true,
    run: (draft) => {
      draft.removeDocuments(Array.from({ length: 38 }, (_, i) => `p${i}`));
    },
  },
];

/** What is there after some changes, one after another. */
function after(...changes: readonly Change[]): unknown {
  const cell = new CowShardexIndex(BASE);
  for (const { run } of changes) cell.update(run);
  return allPostings(cell.read());
}

describe.each(CHANGES)('where one writer $name', (mine) => {
  test.each(CHANGES)('and another $name, first', (theirs) => {
    const cell = new CowShardexIndex(BASE);
    const writer = cell.cloneForWrite();
    mine.run(writer);
    cell.update(theirs.run);
    const current = cell.read();
    let joined: unknown;
    try {
      joined = allPostings(writer.commitChanges().index);
    } catch (error) {
      expect(error).toBeInstanceOf(ConflictError);
      joined = 'conflict';
    }
    expectSound(cell.read());
    const touches = (change: Change, key: string): boolean =>
      change.keys.includes(key) ||
      change.again?.includes(key) === true ||
      (change.whole === true && change.keys.some((other) => other.startsWith(key.slice(0, -1))));
    // As if one had come after the other (I3).
    const joinedWell = [after(theirs, mine), after(mine, theirs)];
    // Whoever comes first: what one changed and the other touched, be it with all of its document.
    if (mine.keys.some((key) => touches(theirs, key)) || theirs.keys.some((key) => touches(mine, key))) {
      expect(joined).toBe('conflict');
      expect(cell.read()).toBe(current);
    } else {
      expect(joinedWell).toContainEqual(joined);
    }
  });
});
