import { type Anomaly, type History, type State, listOf, sameState } from './record.js';
import { type Sight, type Transaction, published, sightsOf, transactionsOf } from './transactions.js';

/** What every version must hold, and whether that is what was seen of it (I1, I2, I3). */
export function checkStates(history: History): Anomaly[] {
  const transactions = transactionsOf(history);
  const sights = sightsOf(history, transactions);
  const states = replayed(history, transactions);
  return [
    ...versionOrder(history, transactions, sights),
    ...sights.flatMap((sight) => visible(sight, transactions)),
    ...sights.flatMap((sight) => asReplayed(sight, states, transactions)),
    ...losses(history, transactions),
    ...repeatable(history),
    ...[...transactions.values()].flatMap((transaction) => draftReads(transaction, states)),
  ];
}

/** Each published version is one number up and of one transaction, and every version seen is of some transaction. */
function versionOrder(
  history: History,
  transactions: ReadonlyMap<number, Transaction>,
  sights: readonly Sight[],
): Anomaly[] {
  const found: Anomaly[] = [];
  const first = startOf(history).version;
  const numbers = new Set([first]);
  for (const { id, committed } of published(transactions)) {
    if (committed === undefined) continue;
    const { previous, version } = committed;
    if (version !== previous + 1)
      found.push(anomaly('version order', `transaction ${id} led from version ${previous} to ${version}`));
    if (numbers.has(version))
      found.push(anomaly('version order', `version ${version} was published more than once`));
    numbers.add(version);
  }
  for (let number = first; number < first + numbers.size; number++)
    if (!numbers.has(number)) found.push(anomaly('version order', `version ${number} was left out`));
  for (const { who, version } of sights)
    if (!numbers.has(version))
      found.push(anomaly('version order', `${who} saw version ${version}, which nobody published`));
  return found;
}

/** A value is seen only once its transaction is being committed, only if that succeeds, and only with the others. */
function visible({ at, who, version, state }: Sight, all: ReadonlyMap<number, Transaction>): Anomaly[] {
  const found: Anomaly[] = [];
  for (const { id, appends, committing, committed } of all.values()) {
    const seen = appends.filter(({ place, value }) => state.get(place) === value);
    if (seen.length === 0) continue;
    if (committed === undefined || committing > at)
      found.push(
        anomaly('dirty read', `${who} saw values of transaction ${id} in version ${version}, uncommitted`),
      );
    if (seen.length < appends.length)
      found.push(
        anomaly(
          'partial publish',
          `${who} saw ${seen.length} of ${appends.length} values of transaction ${id} in version ${version}`,
        ),
      );
  }
  return found;
}

/** What each version must hold by its number: that of the one before, with what its transaction says it did. */
function replayed(history: History, transactions: ReadonlyMap<number, Transaction>): Map<number, State> {
  const start = startOf(history);
  const states = new Map([[start.version, start.state]]);
  const inOrder = published(transactions).sort(
    (a, b) => (a.committed?.version ?? 0) - (b.committed?.version ?? 0),
  );
  for (const { restores, appends, committed } of inOrder) {
    const before = states.get(restores ?? (committed?.version ?? 0) - 1);
    // After a gap nothing is known; the order of versions is complained about elsewhere.
    if (before === undefined || committed === undefined) break;
    const after = new Map(before);
    for (const { place, value } of appends) after.set(place, value);
    states.set(committed.version, after);
  }
  return states;
}

function asReplayed(
  { who, version, state }: Sight,
  states: ReadonlyMap<number, State>,
  transactions: ReadonlyMap<number, Transaction>,
): Anomaly[] {
  const expected = states.get(version);
  if (expected === undefined || sameState(state, expected)) return [];
  const writers = new Map(
    [...transactions.values()].flatMap(({ id, appends }) => appends.map(({ value }) => [value, id])),
  );
  const lost = [...expected].filter(([place, value]) => state.get(place) !== value);
  const extra = [...state].filter(([place, value]) => expected.get(place) !== value);
  const named = (entries: [string, number][]): string =>
    entries.map(([place, value]) => `${value} at ${place} (transaction ${writers.get(value)})`).join(', ');
  return [
    ...(lost.length === 0
      ? []
      : [anomaly('lost update', `${who} missed ${named(lost)} in version ${version}`)]),
    ...(extra.length === 0
      ? []
      : [anomaly('dirty read', `${who} saw ${named(extra)} in version ${version}`)]),
  ];
}

/** By values alone, whatever the versions are called: what was acknowledged is there in all that is read afterwards. */
function losses(history: History, transactions: ReadonlyMap<number, Transaction>): Anomaly[] {
  // A state of the past may be published again on purpose; then only a replay tells what has to be there.
  if ([...transactions.values()].some(({ restores }) => restores !== undefined)) return [];
  const found: Anomaly[] = [];
  const acknowledged = published(transactions);
  const snapshots = new Set<number>();
  history.forEach((event, at) => {
    if (event.kind !== 'look' || snapshots.has(event.snapshot)) return;
    snapshots.add(event.snapshot);
    for (const { id, appends, committed } of acknowledged) {
      if (committed === undefined || committed.at > at) continue;
      if (appends.every(({ place, value }) => event.state.get(place) === value)) continue;
      found.push(
        anomaly('lost update', `${event.actor} did not see the values of transaction ${id} any more`),
      );
    }
  });
  return found;
}

/** A snapshot answers the same whenever it is asked, and so does a version whoever holds it. */
function repeatable(history: History): Anomaly[] {
  const found: Anomaly[] = [];
  const seen = new Map<number, State>();
  for (const event of history) {
    if (event.kind !== 'look') continue;
    const { actor, snapshot, state } = event;
    const before = seen.get(snapshot);
    if (before === undefined) seen.set(snapshot, state);
    else if (!sameState(before, state))
      found.push(anomaly('non-repeatable read', `snapshot ${snapshot} of ${actor} changed`));
  }
  return found;
}

/** A draft shows its base and what was done to it, nothing else. */
function draftReads({ id, base, saw }: Transaction, states: ReadonlyMap<number, State>): Anomaly[] {
  const state = states.get(base);
  if (state === undefined) return [];
  return saw
    .filter(({ document, values, mine }) => values.join() !== [...listOf(state, document), ...mine].join())
    .map(({ document, values }) =>
      anomaly(
        'draft out of its base',
        `transaction ${id} saw ${values.join()} in ${document}, on version ${base}`,
      ),
    );
}

function startOf(history: History): { readonly version: number; readonly state: State } {
  const [start] = history;
  if (start.kind !== 'start') throw new Error('A record begins with the first version.');
  return start;
}

function anomaly(kind: Anomaly['kind'], what: string): Anomaly {
  return { kind, what };
}
