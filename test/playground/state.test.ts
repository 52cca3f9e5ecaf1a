/* What the buttons of the playground do: versions, branches, merges and undoing. */

import fc from 'fast-check';
import { CowShardexIndex, createIndex, documents, verify } from 'shardex';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Entry } from '../../playground/dictionary/dictionary.js';
import { type Loaded, contentOf } from '../../playground/dictionary/load.js';
import { type Version, branchOf, mergeBase } from '../../playground/history/history.js';
import { sharingOf } from '../../playground/picture/sharing.js';
import {
  type State,
  deleted,
  deletedWhere,
  firstState,
  forked,
  merged,
  switched,
  undone,
  written,
} from '../../playground/state.js';

/** A text as how often it has each of some letters. */
const embed: Loaded['embed'] = (text) => ({
  vector: Float32Array.from('aeiou', (letter) => text.split(letter).length),
  unknown: [],
});

function loaded(): Loaded {
  const cell = new CowShardexIndex(
    createIndex<Entry>({ dimensions: 5, shardCapacity: 8, indexed: ['pos', 'domain'] }),
  );
  cell.update((draft) => {
    for (let n = 0; n < 120; n++) {
      const text = Array.from('aeiou', (letter, at) => letter.repeat((n * (at + 3)) % 11)).join('');
      const entry = { words: [`word ${n}`], pos: 'noun', domain: n % 3 === 0 ? 'animal' : 'food' };
      draft.putDocument(`noun-${n}`, contentOf(text, entry, embed));
    }
  });
  return { cell, embed, words: 0, domains: ['animal', 'food'] };
}

let source: Loaded;
let first: State;

beforeEach(() => {
  source = loaded();
  first = firstState(source);
});

/** What a version says: each document with its text. */
function textsIn({ index }: Version<Entry>): Record<string, string | undefined> {
  return Object.fromEntries([...documents(index)].map(({ documentId, text }) => [documentId, text]));
}

function tipOf({ history, branch }: State): Version<Entry> {
  return branchOf(history, branch).tip;
}

function add(state: State, text: string): State {
  return written(state, { documentId: undefined, word: ' robot ', text }, source);
}

describe('the buttons', () => {
  it('begin with a version that shares with the one before', () => {
    expect(first.history.versions).toHaveLength(2);
    expect(first.after.index.documentCount).toBe(121);
    const { shared, onlyAfter } = sharingOf(first.before.index, first.after.index);
    expect(shared).toBeGreaterThan(onlyAfter);
  });

  it('add, change and delete', () => {
    const added = add(first, ' aeiou ');
    expect(textsIn(added.after)).toEqual({ ...textsIn(first.after), 'yours-2': 'aeiou' });
    expect([added.before, added.status]).toEqual([first.after, 'main@3: Added “robot”']);
    const changed = written(added, { documentId: 'noun-1', word: 'one', text: 'eee' }, source);
    expect(textsIn(changed.after)).toEqual({ ...textsIn(added.after), 'noun-1': 'eee' });
    expect([...documents(changed.after.index, { where: { documentId: 'noun-1' } })]).toMatchObject([
      { metadata: { words: ['one'], pos: 'noun', domain: 'food' } },
    ]);
    const gone = deleted(changed, { id: 'noun-1', entry: { words: ['one'], pos: '', domain: '' } });
    expect(textsIn(gone.after)).toEqual({ ...textsIn(changed.after), 'noun-1': undefined });
    expect(textsIn(gone.after)).not.toHaveProperty('noun-1');
    const all = deletedWhere(gone, { domain: 'animal' });
    expect(all.after.index.documentCount).toBe(gone.after.index.documentCount - 40);
    expect(all.status).toContain('Deleted 40 definitions');
  });

  it('make no version where nothing changes', () => {
    const state = deleted(first, { id: 'nowhere', entry: { words: ['x'], pos: '', domain: '' } });
    expect(state.history).toBe(first.history);
    expect(state.status).toContain('Nothing changed');
  });

  it('leave a version as it was, whatever comes', () => {
    const before = textsIn(first.after);
    deletedWhere(add(forked(add(first, 'a')), 'o'), { domain: 'food' });
    expect(textsIn(first.after)).toEqual(before);
  });

  it('fork without a copy', () => {
    const fork = forked(first);
    expect(tipOf(fork)).toBe(tipOf(first));
    expect(fork.history.versions).toBe(first.history.versions);
    const other = add(fork, 'uu');
    expect(branchOf(other.history, 'main').tip).toBe(first.after);
    expect(other.after.branch).toBe('fork-1');
    expect(other.before).toBe(first.after);
    const back = switched(other, 'main');
    expect([back.before, back.after, back.branch]).toEqual([other.after, first.after, 'main']);
  });

  it('merge what both did since they parted', () => {
    const theirs = written(forked(first), { documentId: 'noun-1', word: 'one', text: 'ii' }, source);
    const ours = deletedWhere(switched(theirs, 'main'), { documentId: 'noun-2' });
    const both = merged(switched(ours, 'fork-1'), 'main');
    expect(both.branch).toBe('main');
    expect(textsIn(both.after)).toEqual({ ...textsIn(first.after), 'noun-1': 'ii', 'noun-2': undefined });
    expect(both.after.parents).toEqual([tipOf(ours), theirs.after]);
    // The next merge begins at this one.
    const more = add(both, 'oo');
    expect(mergeBase(more.after, theirs.after)).toBe(theirs.after);
    const home = merged(more, 'fork-1');
    expect(textsIn(home.after)).toEqual(textsIn(more.after));
    expect(home.after.index.shards).toBe(more.after.index.shards);
  });

  it.each([
    ['ours', 'of main'],
    ['theirs', 'of the fork'],
  ] as const)('ask where both changed the same, and take %s', (winner, text) => {
    const write = (state: State, text: string) =>
      written(state, { documentId: 'noun-1', word: 'one', text }, source);
    const theirs = write(forked(first), 'of the fork');
    const both = switched(write(switched(theirs, 'main'), 'of main'), 'fork-1');
    const asked = merged(both, 'main');
    expect(asked.undecided).toEqual({ from: 'fork-1', into: 'main', what: '“one”' });
    expect(asked.history).toBe(both.history);
    const decided = merged(asked, 'main', winner);
    expect(decided.undecided).toBeUndefined();
    expect(textsIn(decided.after)['noun-1']).toBe(text);
    expect(verify(decided.after.index)).toHaveLength(0);
  });

  it('undo one change after the other, by versions that share all of their shards with the old ones', () => {
    const lengths = fc.array(fc.stringMatching(/^[aeiou]{1,9}$/), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(lengths, (texts) => {
        source = loaded();
        let state = firstState(source);
        const was = [state.history.versions[0], state.after];
        for (const text of texts) was.push((state = add(state, text)).after);
        for (const { index } of was.slice(0, -1).reverse()) {
          state = undone(state);
          expect(state.after.index.shards).toBe(index.shards);
          expect(state.after.index.version).toBe(state.before.index.version + 1);
        }
        expect(undone(state).history).toBe(state.history);
        expect(state.history.versions).toHaveLength(2 * was.length - 1);
      }),
      { numRuns: 20 },
    );
  });

  it('undo a merge', () => {
    const theirs = add(forked(first), 'uu');
    const ours = add(switched(theirs, 'main'), 'ee');
    const both = merged(switched(ours, 'fork-1'), 'main');
    expect(textsIn(undone(both).after)).toEqual(textsIn(ours.after));
  });
});
