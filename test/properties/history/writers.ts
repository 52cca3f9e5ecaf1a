import type { Commit, CowShardexIndex, IndexDraft, ShardexIndex } from 'shardex';
import type { Library } from '../../support/library.js';
import type { Operation, Step } from './plan.js';
import type { RecordedTransaction, Recorder } from './recorder.js';

/** Where an actor acts. */
export interface Scene {
  readonly lib: Library;
  readonly cell: CowShardexIndex;
  readonly recorder: Recorder;
  readonly actor: string;
  readonly pause: () => Promise<void>;
}

type Write = Extract<Step, { kind: 'write' }>;

/** Runs one transaction, and again after a conflict, as often as it may. */
export async function write(scene: Scene, step: Write): Promise<void> {
  if (step.way === 'updateAsync') {
    await updateAsync(scene, step);
    return;
  }
  for (let attempt = 0; attempt <= step.retries; attempt++) if (await attemptOf(scene, step)) return;
}

async function attemptOf(scene: Scene, step: Write): Promise<boolean> {
  switch (step.way) {
    case 'writer, rebased':
    case 'writer, or fail':
    case 'discard':
      return withWriter(scene, step);
    case 'compare and set':
      return compareAndSet(scene, step);
    case 'merge':
      return mergeOfFork(scene, step);
    case 'update':
    case 'updateAsync':
      await scene.pause();
      update(scene, step.operations);
      return true;
  }
}

async function withWriter(scene: Scene, { way, operations, pauses }: Write): Promise<boolean> {
  const { cell, recorder, actor } = scene;
  const onConflict = way === 'writer, or fail' ? 'fail' : 'rebase';
  const writer = cell.cloneForWrite();
  const isolation = onConflict === 'fail' ? 'serializable' : 'snapshot';
  const transaction = recorder.begin(actor, isolation, writer.base.version);
  await run(scene, transaction, writer, operations, pauses);
  if (way !== 'discard') return commit(scene, transaction, () => writer.commitChanges({ onConflict }));
  writer.discard();
  transaction.refused();
  return true;
}

export function update({ cell, recorder, actor }: Scene, operations: readonly Operation[]): void {
  const transaction = recorder.begin(actor, 'serializable', cell.version);
  const commit = cell.update((draft) => {
    for (const operation of operations) perform(transaction, draft, operation);
    transaction.committing();
  });
  transaction.committed(commit);
}

async function updateAsync(scene: Scene, { operations, pauses, retries }: Write): Promise<void> {
  const { cell, recorder, actor } = scene;
  let last: RecordedTransaction | undefined;
  let attempts = 0;
  const commit = await cell.updateAsync(
    async (draft) => {
      last?.refused();
      // With a turn of its own it is joined with what others commit.
      const isolation = attempts++ <= retries ? 'serializable' : 'snapshot';
      const transaction = (last = recorder.begin(actor, isolation, cell.version));
      await run(scene, transaction, draft, operations, pauses);
      transaction.committing();
    },
    { retries },
  );
  last?.committed(commit);
}

async function compareAndSet(scene: Scene, { operations, pauses }: Write): Promise<boolean> {
  const { lib, cell, recorder, actor, pause } = scene;
  const expected = cell.read();
  const transaction = recorder.begin(actor, 'serializable', expected.version);
  const next = lib.update(expected, (draft) => {
    for (const operation of operations) perform(transaction, draft, operation);
  });
  for (let i = 0; i < pauses; i++) await pause();
  return commit(scene, transaction, () => cell.commitChanges(next, { expected }));
}

/** Each operation is a version of its own in a branch; all of them come back in one. */
async function mergeOfFork(scene: Scene, { operations, pauses }: Write): Promise<boolean> {
  const { lib, cell, recorder, actor, pause } = scene;
  const base = cell.read();
  const branch = cell.fork();
  const transaction = recorder.begin(actor, 'snapshot', base.version);
  for (const operation of operations) {
    for (let i = 0; i < pauses; i++) await pause();
    branch.update((draft) => {
      perform(transaction, draft, operation);
    });
  }
  return commit(scene, transaction, () => {
    const expected = cell.read();
    return cell.commitChanges(lib.merge(expected, branch.read(), base), { expected });
  });
}

/** Publishes a state of the past again. */
export async function restore({ cell, recorder, actor, pause }: Scene, back: number): Promise<void> {
  await pause();
  const kept = cell.versions();
  const version = kept[Math.max(0, kept.length - 1 - back)];
  const transaction = recorder.begin(actor, 'serializable', cell.version, version);
  transaction.committing();
  transaction.committed(cell.restore(version));
}

export async function read({ cell, recorder, actor, pause }: Scene, looks: number): Promise<void> {
  const snapshot: ShardexIndex = cell.read();
  const again = recorder.look(actor, snapshot);
  for (let i = 1; i < looks; i++) {
    await pause();
    again();
  }
}

function commit({ lib }: Scene, transaction: RecordedTransaction, publish: () => Commit): boolean {
  transaction.committing();
  let commit: Commit;
  try {
    commit = publish();
  } catch (error) {
    if (!(error instanceof lib.ConflictError) && !(error instanceof lib.MergeConflictError)) throw error;
    transaction.refused();
    return false;
  }
  transaction.committed(commit);
  return true;
}

async function run(
  { pause }: Scene,
  transaction: RecordedTransaction,
  draft: IndexDraft,
  operations: readonly Operation[],
  pauses: number,
): Promise<void> {
  for (const operation of operations) {
    for (let i = 0; i < pauses; i++) await pause();
    perform(transaction, draft, operation);
  }
}

function perform(transaction: RecordedTransaction, draft: IndexDraft, { kind, document }: Operation): void {
  if (kind === 'append') transaction.append(draft, document);
  else transaction.read(draft, document);
}
