import { type Anomaly, type History, listOf } from './record.js';
import { transactionsOf } from './transactions.js';

/** How one transaction comes before another one: it wrote, or was read, or read, before that one wrote or read. */
type Dependency = 'session' | 'ww' | 'wr' | 'rw';

/** A committed transaction, or a snapshot that was read, with what it read and wrote by document. */
interface Node {
  readonly name: string;
  readonly actor: string;
  readonly at: number;
  readonly reads: ReadonlyMap<string, readonly number[]>;
  readonly writes: ReadonlyMap<string, readonly number[]>;
  /** Whether others may not have changed what it read until it was published. */
  readonly protects: (document: string) => boolean;
}

interface Edge {
  readonly from: Node;
  readonly to: Node;
  readonly by: Dependency;
  readonly protected: boolean;
}

/**
 * Looks for cycles of dependencies, in the way of Elle (Kingsbury and Alvaro, VLDB 2020): appends to lists tell in which
 * order they came, so that what anybody read says whom he came after and before. No order of the transactions explains
 * a cycle. One with a single anti-dependency (rw) is excluded for all; those with several, by which two transactions
 * each miss what the other one writes, only for transactions that were not replayed on newer versions.
 *
 * A record in which states of the past were published again has to be checked by replaying alone: there values come and
 * go, so that a list does not tell its history.
 */
export function checkDependencies(history: History): Anomaly[] {
  if (history.some((event) => event.kind === 'begin' && event.restores !== undefined)) return [];
  const nodes = nodesOf(history);
  const lists = longestLists(nodes);
  const found: Anomaly[] = [];
  for (const { name, reads } of nodes)
    for (const [document, values] of reads)
      if (!isPrefix(values, lists.get(document) ?? []))
        found.push({ kind: 'cycle', what: `${name} read ${document} in an order that others did not` });
  const edges = edgesOf(nodes, lists);
  const forward = edges.filter(({ by }) => by !== 'rw');
  for (const edge of edges)
    if (reaches(edge.to, edge.from, forward))
      found.push(cycle(edge, edge.by === 'rw' ? 'a read that missed one write' : 'writes and reads'));
  const serial = edges.filter((edge) => edge.protected);
  for (const edge of serial)
    if (edge.by === 'rw' && reaches(edge.to, edge.from, serial))
      found.push(cycle(edge, 'reads that missed writes'));
  return found;
}

function nodesOf(history: History): Node[] {
  const nodes: Node[] = [];
  for (const { id, actor, isolation, begun, appends, saw, committed } of transactionsOf(history).values()) {
    if (committed === undefined) continue;
    const writes = new Map<string, number[]>();
    for (const { document, value } of appends) writes.set(document, [...(writes.get(document) ?? []), value]);
    const mine = new Set(appends.map(({ value }) => value));
    const reads = new Map(
      saw.map(({ document, values }) => [document, values.filter((value) => !mine.has(value))]),
    );
    nodes.push({
      name: `transaction ${id}`,
      actor,
      at: begun,
      reads,
      writes,
      protects: (document) => isolation === 'serializable' || appends.length === 0 || writes.has(document),
    });
  }
  const documents = new Set(nodes.flatMap(({ writes }) => [...writes.keys()]));
  const snapshots = new Set<number>();
  history.forEach((event, at) => {
    if (event.kind !== 'look' || snapshots.has(event.snapshot)) return;
    snapshots.add(event.snapshot);
    nodes.push({
      name: `snapshot ${event.snapshot}`,
      actor: event.actor,
      at,
      reads: new Map([...documents].map((document) => [document, listOf(event.state, document)])),
      writes: new Map(),
      protects: () => true,
    });
  });
  return nodes.sort((a, b) => a.at - b.at);
}

/** Of each document the longest list that anybody read or left behind: the order in which it was written. */
function longestLists(nodes: readonly Node[]): Map<string, readonly number[]> {
  const lists = new Map<string, readonly number[]>();
  for (const { reads, writes } of nodes)
    for (const [document, values] of reads) {
      const after = [...values, ...(writes.get(document) ?? [])];
      if (after.length > (lists.get(document)?.length ?? 0)) lists.set(document, after);
    }
  return lists;
}

function edgesOf(nodes: readonly Node[], lists: ReadonlyMap<string, readonly number[]>): Edge[] {
  const edges: Edge[] = [];
  const add = (from: Node | undefined, to: Node | undefined, by: Dependency, isProtected = true): void => {
    if (from !== undefined && to !== undefined && from !== to)
      edges.push({ from, to, by, protected: isProtected });
  };
  const writers = new Map(
    nodes.flatMap((node) => [...node.writes.values()].flat().map((value) => [value, node] as const)),
  );
  for (const list of lists.values())
    list.slice(1).forEach((value, i) => {
      add(writers.get(list[i]), writers.get(value), 'ww');
    });
  const last = new Map<string, Node>();
  for (const node of nodes) {
    for (const [document, values] of node.reads) {
      const next = (lists.get(document) ?? []).slice(values.length).map((value) => writers.get(value));
      const isProtected = node.protects(document);
      add(writers.get(values.at(-1) ?? NaN), node, 'wr');
      add(
        node,
        next.find((writer) => writer !== node),
        'rw',
        isProtected,
      );
    }
    add(last.get(node.actor), node, 'session');
    last.set(node.actor, node);
  }
  return edges;
}

function reaches(from: Node, to: Node, edges: readonly Edge[]): boolean {
  const reached = new Set([from]);
  for (const node of reached) for (const edge of edges) if (edge.from === node) reached.add(edge.to);
  return reached.has(to);
}

function isPrefix(values: readonly number[], list: readonly number[]): boolean {
  return values.every((value, i) => list[i] === value);
}

function cycle({ from, to, by }: Edge, how: string): Anomaly {
  return { kind: 'cycle', what: `${from.name} → ${to.name} (${by}) closes a cycle of ${how}` };
}
