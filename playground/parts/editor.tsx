// Where somebody writes: a word and what it means become a document, and a commit a version of the branch.
import type { Branch } from '../history/history.js';
import type { Undecided, Winner, Writing } from '../state.js';
import { labelOf } from './words.js';

interface EditorProps {
  readonly branches: readonly Branch<object>[];
  readonly current: Branch<object>;
  readonly writing: Writing;
  readonly undecided: Undecided | undefined;
  readonly status: string;
  readonly onBranch: (name: string) => void;
  readonly onWriting: (writing: Writing) => void;
  readonly onCommit: () => void;
  readonly onFork: () => void;
  readonly onMerge: (into: string, winner?: Winner) => void;
  readonly onUndo: () => void;
}

/** The branch that is written to, and all that can be done there. */
export function Editor(props: EditorProps) {
  const { branches, current, writing, undecided, status } = props;
  const { onBranch, onWriting, onCommit, onFork, onMerge, onUndo } = props;
  const others = branches.filter(({ name }) => name !== current.name);
  return (
    <section class="panel editor" aria-labelledby="editor-title">
      <h2 id="editor-title">
        Write to <span class="version">{labelOf({ ...current.tip, branch: current.name })}</span>
      </h2>
      <div class="branches" role="radiogroup" aria-label="Branch">
        {branches.map(({ name }) => (
          <label key={name} class="pill">
            <input
              type="radio"
              name="branch"
              value={name}
              checked={name === current.name}
              onChange={() => {
                onBranch(name);
              }}
            />
            <span>{name}</span>
          </label>
        ))}
        <button type="button" id="fork" onClick={onFork}>
          Fork
        </button>
        {others.map(({ name }) => (
          <button
            key={name}
            type="button"
            class="merge"
            onClick={() => {
              onMerge(name);
            }}
          >
            Merge into {name}
          </button>
        ))}
        <button type="button" id="undo" disabled={current.tip.undo === undefined} onClick={onUndo}>
          Undo
        </button>
      </div>
      {undecided !== undefined && (
        <div class="undecided" role="alert">
          <p>Both changed {undecided.what}. Whose is it to be?</p>
          <button
            type="button"
            onClick={() => {
              onMerge(undecided.into, 'ours');
            }}
          >
            That of {undecided.into}
          </button>
          <button
            type="button"
            onClick={() => {
              onMerge(undecided.into, 'theirs');
            }}
          >
            That of {undecided.from}
          </button>
        </div>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onCommit();
        }}
      >
        <label>
          <span>Word</span>
          <input
            id="word"
            value={writing.word}
            required
            autocomplete="off"
            onInput={({ currentTarget }) => {
              onWriting({ ...writing, word: currentTarget.value });
            }}
          />
        </label>
        <label class="wide">
          <span>What it means</span>
          <textarea
            id="text"
            rows={2}
            value={writing.text}
            required
            onInput={({ currentTarget }) => {
              onWriting({ ...writing, text: currentTarget.value });
            }}
          />
        </label>
        <p class="actions">
          <button id="commit" class="primary">
            {writing.documentId === undefined ? 'Add and commit' : 'Change and commit'}
          </button>
          {writing.documentId !== undefined && (
            <button
              type="button"
              onClick={() => {
                onWriting(NOTHING);
              }}
            >
              Cancel
            </button>
          )}
        </p>
      </form>
      <p id="status" class="note" role="status">
        {status}
      </p>
    </section>
  );
}

export const NOTHING: Writing = { documentId: undefined, word: '', text: '' };
