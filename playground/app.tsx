// The playground: its parts, and which button leads to which next state.
import { getDocument, search } from 'shardex';
import { useMemo, useState } from 'preact/hooks';
import type { Entry } from './dictionary/dictionary.js';
import type { Loaded } from './dictionary/load.js';
import { type Version, branchOf } from './history/history.js';
import { Editor, NOTHING } from './parts/editor.js';
import { type Question, answerTo } from './parts/answer.js';
import { Search } from './parts/search.js';
import { Versions } from './parts/versions.js';
import { bytes, count, counted, labelOf } from './parts/words.js';
import type { Square } from './picture/layout.js';
import { Picture } from './picture/picture.js';
import { sharingOf } from './picture/sharing.js';
import { deleted, deletedWhere, firstState, forked, merged, switched, undone, written } from './state.js';

const FIRST_QUESTION: Question = { text: 'person who repairs shoes', recall: 95, pos: '', domain: '' };

/** All of the page, once the dictionary is there. */
export function App({ loaded }: { loaded: Loaded }) {
  const [state, setState] = useState(() => firstState(loaded));
  const [question, setQuestion] = useState(FIRST_QUESTION);
  const [writing, setWriting] = useState(NOTHING);
  const [pointed, setPointed] = useState<Square>();
  const { history, before, after } = state;
  const sharing = useMemo(() => sharingOf(before.index, after.index), [before, after]);
  const answer = useMemo(() => answerTo(question, after.index, loaded), [question, after.index, loaded]);
  const { scanned } = answer.explanation;
  return (
    <>
      <section class="stage" aria-labelledby="stage-title">
        <h2 id="stage-title" class="unseen">
          What {labelOf(before)} and {labelOf(after)} share
        </h2>
        <Picture
          before={before}
          after={after}
          branches={history.branches}
          sharing={sharing}
          read={new Set(scanned)}
          onPoint={setPointed}
        />
        <ul id="shared" class="caption" aria-live="polite">
          <li>
            <span class="key before" /> <b>{count(sharing.onlyBefore)}</b> only in {labelOf(before)}
          </li>
          <li>
            <span class="key both" /> <b>{count(sharing.shared)}</b> one and the same in both ·{' '}
            {bytes(sharing.sharedBytes)}
          </li>
          <li>
            <span class="key after" /> <b>{count(sharing.onlyAfter)}</b> only in {labelOf(after)} ·{' '}
            {bytes(sharing.newBytes)} new
          </li>
          <li>
            <span class="key read" /> <b>{count(scanned.length)}</b> read by the search
          </li>
        </ul>
        <p id="pointed" class="note" aria-live="polite">
          {pointed === undefined
            ? 'Point at a shard to see what is in it.'
            : aboutSquare(pointed, before, after)}
        </p>
      </section>
      <div class="columns">
        <div>
          <Editor
            branches={history.branches}
            current={branchOf(history, state.branch)}
            writing={writing}
            undecided={state.undecided}
            status={state.status}
            onBranch={(name) => {
              setState(switched(state, name));
            }}
            onWriting={setWriting}
            onCommit={() => {
              setState(written(state, writing, loaded));
              setWriting(NOTHING);
            }}
            onFork={() => {
              setState(forked(state));
            }}
            onMerge={(into, winner) => {
              setState(merged(state, into, winner));
            }}
            onUndo={() => {
              setState(undone(state));
            }}
          />
          <Versions
            versions={history.versions}
            branches={history.branches}
            before={before}
            after={after}
            onChoose={(side, version) => {
              setState({ ...state, [side]: version, status: '' });
            }}
          />
        </div>
        <Search
          version={after}
          before={before}
          loaded={loaded}
          question={question}
          answer={answer}
          onQuestion={setQuestion}
          onEdit={({ id, text, entry }) => {
            setWriting({ documentId: id, text, word: entry.words[0] });
            document.getElementById('text')?.focus();
          }}
          onDelete={(hit) => {
            setState(deleted(state, hit));
          }}
          onDeleteAll={(where) => {
            setState(deletedWhere(state, where));
          }}
        />
      </div>
    </>
  );
}

/** A shard by the words of the definitions nearest to its centroid. */
function aboutSquare({ shard, side }: Square, before: Version<Entry>, after: Version<Entry>): string {
  const { index } = side === 'before' ? before : after;
  const words = search(index, shard.centroid.toArray(), { k: 5 }).map(
    ({ documentId }) => getDocument(index, documentId)?.metadata?.words[0] ?? documentId,
  );
  const where =
    side === 'both'
      ? 'in both versions, the same object'
      : `only in ${labelOf(side === 'before' ? before : after)}`;
  return `Shard ${shard.id}: ${counted(shard.rows.liveCount, 'definition')} such as ${words.join(', ')}; ${where}.`;
}
