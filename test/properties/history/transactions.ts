import type { Event, History, Isolation } from './record.js';

/** A transaction as the record tells it. Times are places in the record. */
export interface Transaction {
  readonly id: number;
  readonly actor: string;
  readonly isolation: Isolation;
  readonly base: number;
  readonly restores: number | undefined;
  readonly begun: number;
  readonly appends: Extract<Event, { kind: 'append' }>[];
  readonly saw: (Extract<Event, { kind: 'saw' }> & {
    /** What it had appended to that document by then. */
    readonly mine: readonly number[];
  })[];
  committing: number;
  committed: (Extract<Event, { kind: 'committed' }> & { readonly at: number }) | undefined;
}

export function transactionsOf(history: History): Map<number, Transaction> {
  const all = new Map<number, Transaction>();
  const known = (id: number): Transaction => {
    const transaction = all.get(id);
    if (transaction === undefined) throw new Error(`Transaction ${id} never began.`);
    return transaction;
  };
  history.forEach((event, at) => {
    switch (event.kind) {
      case 'begin': {
        const { transaction: id, actor, isolation, base, restores } = event;
        const fresh = { appends: [], saw: [], committing: Infinity, committed: undefined };
        all.set(id, { id, actor, isolation, base, restores, begun: at, ...fresh });
        break;
      }
      case 'append':
        known(event.transaction).appends.push(event);
        break;
      case 'saw': {
        const { saw, appends } = known(event.transaction);
        const there = appends.filter(({ document }) => document === event.document);
        saw.push({ ...event, mine: there.map(({ value }) => value) });
        break;
      }
      case 'committing':
        known(event.transaction).committing = at;
        break;
      case 'committed':
        known(event.transaction).committed = { ...event, at };
        break;
      case 'start':
      case 'look':
      case 'refused':
      case 'watching':
      case 'told':
      case 'left':
        break;
    }
  });
  return all;
}

/** Those that published a version of their own. */
export function published(transactions: ReadonlyMap<number, Transaction>): Transaction[] {
  return [...transactions.values()].filter(
    ({ committed }) => committed !== undefined && committed.version !== committed.previous,
  );
}

/** A state that somebody saw, and when. */
export interface Sight {
  readonly at: number;
  readonly who: string;
  readonly version: number;
  readonly state: ReadonlyMap<string, number>;
}

export function sightsOf(history: History, transactions: ReadonlyMap<number, Transaction>): Sight[] {
  const sights: Sight[] = [];
  history.forEach((event, at) => {
    if (event.kind === 'look') sights.push({ at, who: event.actor, ...event });
    else if (event.kind === 'told') sights.push({ at, who: event.watcher, ...event });
    else if (event.kind === 'committed') {
      const who = transactions.get(event.transaction)?.actor ?? '';
      sights.push({ at, who, ...event });
    }
  });
  return sights;
}
