import type { Commit, IndexDraft, ShardexIndex } from 'shardex';
import type { Library } from '../../support/library.js';
import { type Event, type History, type Isolation, type State, placeOf } from './record.js';

/** Everything that a version holds, as whoever has it can find out. */
function stateOf(lib: Library, index: ShardexIndex): State {
  const state = new Map<string, number>();
  for (const id of lib.documentIds(index))
    for (const { start, vector } of lib.postings(index, id)) state.set(placeOf(id, start), vector[0]);
  return state;
}

/** Writes down what happens, with a value of its own for each append. */
export class Recorder {
  readonly #lib: Library;
  readonly #events: Event[] = [];
  #transactions = 0;
  #snapshots = 0;
  #values = 0;

  constructor(lib: Library, index: ShardexIndex) {
    this.#lib = lib;
    this.#events.push({ kind: 'start', version: index.version, state: stateOf(lib, index) });
  }

  get history(): History {
    return this.#events;
  }

  /** Looks at a snapshot for the first time; the function returned looks again. */
  look(actor: string, index: ShardexIndex): () => void {
    const snapshot = this.#snapshots++;
    const again = (): void => {
      const { version } = index;
      this.#events.push({ kind: 'look', actor, snapshot, version, state: stateOf(this.#lib, index) });
    };
    again();
    return again;
  }

  begin(actor: string, isolation: Isolation, base: number, restores?: number): RecordedTransaction {
    const transaction = this.#transactions++;
    const event = { kind: 'begin', actor, transaction, isolation, base } as const;
    this.#events.push(restores === undefined ? event : { ...event, restores });
    return new RecordedTransaction(this.#lib, this.#events, transaction, () => ++this.#values);
  }

  watching(watcher: string, version: number, joins = false): void {
    this.#events.push({ kind: 'watching', watcher, version, joins });
  }

  told(watcher: string, { previous, index }: Commit): void {
    const { version } = index;
    const state = stateOf(this.#lib, index);
    this.#events.push({ kind: 'told', watcher, previous: previous.version, version, state });
  }

  left(watcher: string, version: number): void {
    this.#events.push({ kind: 'left', watcher, version });
  }
}

/** Notes what a transaction does. */
export class RecordedTransaction {
  readonly #lib: Library;
  readonly #events: Event[];
  readonly #transaction: number;
  readonly #nextValue: () => number;

  constructor(lib: Library, events: Event[], transaction: number, nextValue: () => number) {
    this.#lib = lib;
    this.#events = events;
    this.#transaction = transaction;
    this.#nextValue = nextValue;
  }

  /** Reads a document in a draft; returns the place after its last one. */
  read(draft: IndexDraft, document: string): number {
    const list = this.#lib.postings(draft.preview(), document);
    const values = list.map(({ vector }) => vector[0]);
    this.#events.push({ kind: 'saw', transaction: this.#transaction, document, values });
    return (list.at(-1)?.start ?? -1) + 1;
  }

  /** Appends a new value to the list that a document is. */
  append(draft: IndexDraft, document: string): void {
    const start = this.read(draft, document);
    const value = this.#nextValue();
    const place = placeOf(document, start);
    draft.addPosting({ documentId: document, start, vector: [value] });
    this.#events.push({ kind: 'append', transaction: this.#transaction, document, place, value });
  }

  committing(): void {
    this.#events.push({ kind: 'committing', transaction: this.#transaction });
  }

  committed({ previous, index }: Commit): void {
    const state = stateOf(this.#lib, index);
    this.#events.push({
      kind: 'committed',
      transaction: this.#transaction,
      previous: previous.version,
      version: index.version,
      state,
    });
  }

  refused(): void {
    this.#events.push({ kind: 'refused', transaction: this.#transaction });
  }
}
