// The state of the page, and what becomes of it by each button. A change shows at once what it shares with what was before.
import { type Filter, MergeConflictError, type Recipe, count as countDocuments, getDocument } from 'shardex';
import type { Definition, Entry } from './dictionary/dictionary.js';
import { type Loaded, contentOf } from './dictionary/load.js';
import {
  type History,
  MAIN,
  type Version,
  branchOf,
  commit,
  fork,
  historyOf,
  mergeInto,
  undo,
} from './history/history.js';
import { count, counted, labelOf } from './parts/words.js';

/** What somebody writes: a word, and what it means. */
export interface Writing {
  /** The document that is edited; `undefined` for a new one. */
  readonly documentId: string | undefined;
  readonly word: string;
  readonly text: string;
}

/** Who decides where both sides of a merge changed the same thing. */
export type Winner = 'ours' | 'theirs';

/** A merge that waits for a decision. */
export interface Undecided {
  readonly from: string;
  readonly into: string;
  /** What both changed. */
  readonly what: string;
}

/** All that the page shows, but for what is typed. */
export interface State {
  readonly history: History<Entry>;
  /** The branch that is written to. */
  readonly branch: string;
  /** The versions that are compared. */
  readonly before: Version<Entry>;
  readonly after: Version<Entry>;
  readonly undecided: Undecided | undefined;
  /** What the last button did. */
  readonly status: string;
}

/** The kind of what is written on the page. */
export const YOURS = 'yours';

/** The first commit, so that there is something to look at. */
const FIRST = {
  documentId: undefined,
  word: 'playground',
  text: 'a page where people play with software to learn what it does',
};

/** Begins with a dictionary, and one definition more. */
export function firstState(loaded: Loaded): State {
  const { cell } = loaded;
  const history = historyOf(cell, `${count(cell.documentCount)} definitions of WordNet`);
  const [first] = history.versions;
  return written(
    { history, branch: MAIN, before: first, after: first, undecided: undefined, status: '' },
    FIRST,
    loaded,
  );
}

/** Commits what was written. */
export function written(state: State, { documentId, word, text }: Writing, { embed }: Loaded): State {
  const what = word.trim();
  if (documentId === undefined) {
    const entry = { words: [what], pos: 'noun', domain: YOURS };
    return committed(state, `Added “${what}”`, (draft) => {
      draft.putDocument(`${YOURS}-${state.history.versions.length}`, contentOf(text.trim(), entry, embed));
    });
  }
  const metadata = getDocument(branchOf(state.history, state.branch).tip.index, documentId)?.metadata;
  const words = [what, ...(metadata?.words ?? []).slice(1)];
  const entry = { pos: 'noun', domain: YOURS, ...metadata, words };
  return committed(state, `Changed “${what}”`, (draft) => {
    draft.putDocument(documentId, contentOf(text.trim(), entry, embed));
  });
}

/** Deletes one entry. */
export function deleted(state: State, { id, entry }: Pick<Definition, 'id' | 'entry'>): State {
  return committed(state, `Deleted “${entry.words[0]}”`, (draft) => {
    draft.removeDocument(id);
  });
}

/** Deletes all entries that pass a filter. */
export function deletedWhere(state: State, where: Filter<Entry>): State {
  const matches = countDocuments(branchOf(state.history, state.branch).tip.index, where);
  return committed(state, `Deleted ${counted(matches, 'definition')}`, (draft) => {
    draft.removeWhere(where);
  });
}

function committed(state: State, message: string, recipe: Recipe<Entry>): State {
  return moved(state, commit(state.history, state.branch, message, recipe));
}

/** Undoes the newest change of the branch. */
export function undone(state: State): State {
  return moved(state, undo(state.history, state.branch));
}

/** Starts a branch where the current one is, and goes there. */
export function forked(state: State): State {
  const { branches } = state.history;
  const name = `fork-${branches.length}`;
  const history = fork(state.history, state.branch, name);
  const { tip } = branchOf(history, name);
  return {
    ...state,
    history,
    branch: name,
    before: tip,
    after: tip,
    undecided: undefined,
    status: `${name} is at the very version of ${state.branch}; nothing was copied.`,
  };
}

/** Goes to another branch, and compares it with the one that was left. */
export function switched(state: State, branch: string): State {
  const before = branchOf(state.history, state.branch).tip;
  const after = branchOf(state.history, branch).tip;
  return { ...state, branch, before, after, undecided: undefined, status: '' };
}

/** Merges the branch into another one, and goes there; asks first where both changed the same thing. */
export function merged(state: State, into: string, winner?: Winner): State {
  const { history, branch: from } = state;
  try {
    const options = winner === undefined ? {} : { onConflict: winner };
    const { tip } = branchOf(history, into);
    return moved(
      { ...state, branch: into, before: tip, after: tip },
      mergeInto(history, from, into, options),
    );
  } catch (error) {
    if (!(error instanceof MergeConflictError) || winner !== undefined) throw error;
    const ids = new Set(error.conflicts.map(({ documentId }) => documentId));
    const { index } = branchOf(history, from).tip;
    const words = [...ids].map((id) => `“${getDocument(index, id)?.metadata?.words[0] ?? id}”`);
    return { ...state, undecided: { from, into, what: words.join(', ') } };
  }
}

/** Compares the newest version of the branch with the one that it had. */
function moved(state: State, history: History<Entry>): State {
  const before = branchOf(state.history, state.branch).tip;
  const after = branchOf(history, state.branch).tip;
  if (before === after)
    return { ...state, undecided: undefined, status: 'Nothing changed, so there is no new version.' };
  return {
    ...state,
    history,
    before,
    after,
    undecided: undefined,
    status: `${labelOf(after)}: ${after.message}`,
  };
}
