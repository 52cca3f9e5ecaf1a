import * as fc from 'fast-check';
import type { CowShardexIndex } from 'shardex';
import type { Library } from '../../support/library.js';
import { checkThat } from '../../support/checks/check-that.js';
import { anomaliesOf } from './checker.js';
import type { Plan, WatcherPlan } from './plan.js';
import { plans } from './plan.js';
import type { Anomaly, History } from './record.js';
import { Recorder } from './recorder.js';
import { type Scene, read, restore, update, write } from './writers.js';

/** How often a listener commits something of its own. */
const REACTIONS = 2;

/** Runs a plan on a new cell, interleaved as the scheduler likes, and returns the record of it. */
async function recordOf(
  lib: Library,
  scheduler: fc.Scheduler,
  { actors, watchers }: Plan,
  shardCapacity: number,
): Promise<History> {
  const options = { dimensions: 1, metric: 'euclidean', shardCapacity } as const;
  const cell = new lib.CowShardexIndex(lib.createIndex(options), { history: { versions: 1000 } });
  const recorder = new Recorder(lib, cell.read());
  const sceneOf = (actor: string): Scene => ({
    lib,
    cell,
    recorder,
    actor,
    pause: () => scheduler.schedule(Promise.resolve(), actor),
  });
  const ends: (() => Promise<void>)[] = [];
  const acting = actors.map(async (steps, i) => {
    const scene = sceneOf(`actor ${i}`);
    for (const step of steps) {
      await scene.pause();
      if (step.kind === 'write') await write(scene, step);
      else if (step.kind === 'read') await read(scene, step.looks);
      else await restore(scene, step.back);
    }
  });
  const coming = watchers.map(async (plan, i) => {
    const scene = sceneOf(`watcher ${i}`);
    for (let n = 0; n < plan.late; n++) await scene.pause();
    ends.push(watch(scene, plan));
  });
  const all = Promise.all([...acting, ...coming]).then(async () => {
    await read(sceneOf('the last reader'), 1);
    cell.close();
    await Promise.all(ends.map((end) => end()));
  });
  await scheduler.waitFor(all);
  return recorder.history;
}

/** Starts to watch; the function returned waits until everything was told. */
function watch(scene: Scene, plan: WatcherPlan): () => Promise<void> {
  const { cell, recorder, actor } = scene;
  const since = plan.since ? 0 : cell.version;
  recorder.watching(actor, since, plan.kind === 'joined stream');
  const left = (): void => {
    recorder.left(actor, cell.version);
  };
  if (plan.kind === 'stream' || plan.kind === 'joined stream') {
    const taken = take(scene, cell.changes({ since, coalesce: plan.kind === 'joined stream' }));
    return async () => {
      await taken;
      left();
    };
  }
  let reactions = plan.kind === 'listener that commits' ? REACTIONS : 0;
  cell.subscribe(
    (commit) => {
      recorder.told(actor, commit);
      if (reactions-- > 0)
        update({ ...scene, actor: `${actor}, reacting` }, [{ kind: 'append', document: 'a' }]);
    },
    { since },
  );
  return () => {
    left();
    return Promise.resolve();
  };
}

async function take(
  { recorder, actor, pause }: Scene,
  stream: ReturnType<CowShardexIndex['changes']>,
): Promise<void> {
  for await (const commit of stream) {
    recorder.told(actor, commit);
    await pause();
  }
}

export interface Looking {
  /** What to look for; by default everything. */
  readonly kinds?: readonly Anomaly['kind'][];
  /** So small by default that shards split on the way. */
  readonly shardCapacity?: number;
  readonly alsoCheck?: (history: History) => void;
}

/** The property that no schedule shows an anomaly. */
export function noAnomalies(
  lib: Library,
  { kinds, shardCapacity = 8, alsoCheck }: Looking = {},
): fc.IAsyncProperty<[fc.Scheduler, Plan]> {
  return fc.asyncProperty(fc.scheduler(), plans, async (scheduler, plan) => {
    const history = await recordOf(lib, scheduler, plan, shardCapacity);
    const found = anomaliesOf(history).filter(({ kind }) => kinds?.includes(kind) ?? true);
    const told = found.slice(0, 5).map(({ kind, what }) => `${kind}: ${what}`);
    checkThat(found.length === 0, `the record has no anomalies, but ${told.join('; ')}`);
    alsoCheck?.(history);
  });
}
