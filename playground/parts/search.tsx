// The search: a question, how surely to find, among what, and beside it what that took.
import type { Filter } from 'shardex';
import type { Entry } from '../dictionary/dictionary.js';
import type { Loaded } from '../dictionary/load.js';
import type { Version } from '../history/history.js';
import { YOURS } from '../state.js';
import { type Answer, EXACT, HITS, type Hit, type Question, isNew, whereOf } from './answer.js';
import { count, counted, labelOf } from './words.js';

const EXAMPLES = ['person who repairs shoes', 'fear of open spaces', 'to cook in hot oil', 'very happy'];
const PARTS_OF_SPEECH = ['noun', 'verb', 'adjective', 'adverb'];

interface SearchProps {
  readonly version: Version<Entry>;
  /** The version that it is compared with. */
  readonly before: Version<Entry>;
  readonly loaded: Loaded;
  readonly question: Question;
  readonly answer: Answer;
  readonly onQuestion: (question: Question) => void;
  readonly onEdit: (hit: Hit) => void;
  readonly onDelete: (hit: Hit) => void;
  readonly onDeleteAll: (where: Filter<Entry>) => void;
}

/** The search box with its results. */
export function Search(props: SearchProps) {
  const { version, before, loaded, question, answer, onQuestion, onEdit, onDelete, onDeleteAll } = props;
  const where = whereOf(question);
  const set = (changes: Partial<Question>) => {
    onQuestion({ ...question, ...changes });
  };
  return (
    <section class="panel search" aria-labelledby="search-title">
      <h2 id="search-title">
        Search <span class="version after">{labelOf(version)}</span>
      </h2>
      <form
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
        }}
      >
        <label class="wide">
          <span>What is the word for …</span>
          <input
            id="question"
            type="search"
            value={question.text}
            autocomplete="off"
            onInput={({ currentTarget }) => {
              set({ text: currentTarget.value });
            }}
          />
        </label>
        <p class="examples">
          {EXAMPLES.map((text) => (
            <button
              key={text}
              type="button"
              class="quiet"
              onClick={() => {
                set({ text });
              }}
            >
              {text}
            </button>
          ))}
        </p>
        <label class="wide">
          <span>
            Recall <output>{recallText(question.recall)}</output>
          </span>
          <input
            id="recall"
            type="range"
            min="80"
            max={EXACT}
            value={question.recall}
            aria-valuetext={recallText(question.recall)}
            onInput={({ currentTarget }) => {
              set({ recall: Number(currentTarget.value) });
            }}
          />
        </label>
        <div class="filters">
          <Choice
            id="pos"
            label="Part of speech"
            value={question.pos}
            of={PARTS_OF_SPEECH}
            onChange={(pos) => {
              set({ pos });
            }}
          />
          <Choice
            id="domain"
            label="Kind of thing"
            value={question.domain}
            of={[...loaded.domains, YOURS]}
            onChange={(domain) => {
              set({ domain });
            }}
          />
          {where !== undefined && answer.matches > 0 && (
            <button
              type="button"
              onClick={() => {
                onDeleteAll(where);
              }}
            >
              Delete all {count(answer.matches)}
            </button>
          )}
        </div>
      </form>
      <Cost answer={answer} version={version} />
      {answer.unknown.length > 0 && (
        <p class="note">
          Not among the {count(loaded.words)} words: {answer.unknown.join(', ')}.
        </p>
      )}
      <ol class="hits" aria-label="Results">
        {answer.hits.map((hit) => (
          <li key={hit.id} data-id={hit.id}>
            <div>
              <b>{hit.entry.words.slice(0, 3).join(', ')}</b>{' '}
              <small>
                {hit.entry.pos}, {hit.entry.domain} · {hit.score.toFixed(2)}
              </small>
              {isNew(hit, before) && <span class="chip after">new</span>}
              <p>{hit.text}</p>
            </div>
            <div class="actions">
              <button
                type="button"
                class="quiet"
                aria-label={`Edit ${hit.entry.words[0]}`}
                onClick={() => {
                  onEdit(hit);
                }}
              >
                Edit
              </button>
              <button
                type="button"
                class="quiet"
                aria-label={`Delete ${hit.entry.words[0]}`}
                onClick={() => {
                  onDelete(hit);
                }}
              >
                Delete
              </button>
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}

interface ChoiceProps {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly of: readonly string[];
  readonly onChange: (value: string) => void;
}

function Choice({ id, label, value, of, onChange }: ChoiceProps) {
  return (
    <label>
      <span>{label}</span>
      <select
        id={id}
        value={value}
        onChange={({ currentTarget }) => {
          onChange(currentTarget.value);
        }}
      >
        <option value="">any</option>
        {of.map((each) => (
          <option key={each} value={each}>
            {each}
          </option>
        ))}
      </select>
    </label>
  );
}

/** What a search took: time, and the rows that it read as a part of all. */
function Cost({ answer, version: { index } }: { answer: Answer; version: Version<Entry> }) {
  const { rowsScanned, shardsScanned } = answer.explanation;
  const among = Math.min(HITS, answer.matches);
  return (
    <div class="cost">
      <p>
        <b id="time">{answer.milliseconds.toFixed(2)} ms</b> · <b id="rows">{count(rowsScanned)}</b> of{' '}
        {count(index.postingCount)} rows read, in {count(shardsScanned)} of{' '}
        {counted(index.shardCount, 'shard')} ·{' '}
        {among === 0 ? (
          'nothing passes the filter'
        ) : (
          <>
            <b>{answer.found}</b> of the true {among} nearest
          </>
        )}
      </p>
      <meter
        min="0"
        max={index.postingCount}
        value={rowsScanned}
        aria-label="Share of the rows that were read"
      />
    </div>
  );
}

function recallText(recall: number): string {
  return recall === EXACT ? 'exact' : (recall / 100).toFixed(2);
}
