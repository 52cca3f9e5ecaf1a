// The benchmark of several machines on one Postgres: writers against each other, followers behind them.
import { ascending, quantileSorted } from 'd3-array';
import { Client } from 'pg';
import { count, rounded, time } from '../../demo/units.js';
import { connection, hasPostgres, startCluster } from '../../test/postgres/support/cluster.js';
import { type Machine, Machines } from '../machines/processes.js';
import type { Options } from '../options.js';
import type { Measurement, SuiteResult, Table } from '../result.js';
import { printed } from '../tables.js';

const METHOD =
  'A Postgres of its own on loopback, with fsync; all processes share this machine with it, so that the processor is what they wait for, not a network. Each writer is a process that awaits each commit of one posting before the next one; the bare INSERT is of rows of the same size, awaited one by one by as many processes. Visible: from the call of the writer, who makes fifty commits a second, to the version in a follower in another process. Searches are one by one with a millisecond in between; others write fifty commits a second meanwhile. Catching up: a follower reads and applies commits of one posting that it has not seen. Starting: from nothing to the index that can be searched, of all words.';

const NONE = 'There is no Postgres here, so nothing was measured. On Debian: apt-get install postgresql.';

/** What a process that writes reports. */
interface Written {
  readonly times: readonly number[];
  readonly made: readonly (readonly [number, number])[];
  readonly lost: number;
  readonly bytes: number;
}

/** What several machines do on one Postgres. */
export async function machines(options: Options): Promise<SuiteResult> {
  const title = 'Several machines on one Postgres';
  if (!hasPostgres) {
    console.log(`${NONE}\n`);
    return { title, method: NONE, tables: [], charts: [], measurements: [] };
  }
  // Postgres and all processes end with this one.
  for (const event of ['SIGINT', 'SIGTERM', 'disconnect'] as const)
    process.once(event, () => process.exit(1));
  const cluster = await startCluster(true);
  const started = new Machines(cluster.port);
  const suite: Suite = {
    ...{ quick: options.quick, words: options.words, machines: started, port: cluster.port },
    measurements: [],
  };
  try {
    const tables = [await writers(suite), await visibility(suite), await searches(suite), await ways(suite)];
    return { title, method: METHOD, tables, charts: [], measurements: suite.measurements };
  } finally {
    await started.end();
    await cluster.stop();
  }
}

interface Suite {
  readonly quick: boolean;
  readonly words: number;
  readonly machines: Machines;
  readonly port: number;
  readonly measurements: Measurement[];
}

function note({ measurements }: Suite, what: string, value: number, unit: string): void {
  measurements.push({ what, value, unit });
}

function quantile(times: readonly number[], share: number): number {
  return quantileSorted([...times].sort(ascending), share) ?? NaN;
}

async function writers(suite: Suite): Promise<Table> {
  const { machines, quick, port } = suite;
  const ms = quick ? 1500 : 8000;
  const rows: string[][] = [];
  await machines.start('make', { namespace: 'writers', count: 2000 }).result;
  const client = new Client(connection(port));
  await client.connect();
  await client.query('CREATE TABLE bare (writer bigint, seq bigint, bytes bytea, PRIMARY KEY (writer, seq))');
  await client.end();
  for (const writers of quick ? [1, 4] : [1, 4, 16]) {
    const each = <T>(task: string, more: object): Machine<T>[] =>
      Array.from({ length: writers }, () => machines.start<T>(task, { namespace: 'writers', ms, ...more }));
    const written = await machines.together(each<Written>('write', {}));
    const bytes = Math.round(Math.max(...written.map((one) => one.bytes)));
    const bare = await machines.together(each<{ readonly rows: number }>('insert', { bytes }));
    const commits = written.map(({ times }) => times.length);
    const all = commits.reduce((sum, one) => sum + one, 0);
    const perSecond = (1000 * all) / ms;
    const barePerSecond = (1000 * bare.reduce((sum, one) => sum + one.rows, 0)) / ms;
    const lost = written.reduce((sum, one) => sum + one.lost, 0) / all;
    const times = written.flatMap((one) => one.times);
    const what = `${writers} ${writers === 1 ? 'writer' : 'writers'}`;
    note(suite, `${what}, commits a second`, perSecond, '1/s');
    note(suite, `${what}, bare INSERT, rows a second`, barePerSecond, '1/s');
    note(suite, `${what}, least of one writer`, (1000 * Math.min(...commits)) / ms, '1/s');
    note(suite, `${what}, races lost a commit`, lost, '1');
    note(suite, `${what}, time of a commit, median`, quantile(times, 0.5) / 1000, 's');
    note(suite, `${what}, time of a commit, 99 %`, quantile(times, 0.99) / 1000, 's');
    rows.push([
      String(writers),
      rounded(perSecond),
      `${rounded((1000 * Math.min(...commits)) / ms)} to ${rounded((1000 * Math.max(...commits)) / ms)}`,
      rounded(lost),
      time(quantile(times, 0.5)),
      time(quantile(times, 0.99)),
      rounded(barePerSecond),
      rounded(barePerSecond / perSecond),
    ]);
  }
  return printed({
    caption: 'Writers in processes of their own, each with one commit at a time.',
    head: [
      'writers',
      'commits a second',
      'each of them',
      'races lost a commit',
      'median',
      '99 %',
      'bare INSERT, a second',
      'bare / store',
    ],
    rows,
  });
}

async function visibility(suite: Suite): Promise<Table> {
  const { machines, quick } = suite;
  const ms = quick ? 1000 : 8000;
  const rows: string[][] = [];
  await machines.start('make', { namespace: 'visible', count: 2000 }).result;
  for (const listen of [true, false]) {
    const writer = machines.start<Written>('write', { namespace: 'visible', ms, rate: 50 });
    const follower = machines.start<{ readonly seen: Written['made'] }>('follow', {
      ...{ namespace: 'visible', ms, listen },
    });
    const [{ made }, { seen }] = (await machines.together<unknown>([writer, follower])) as [
      Written,
      { readonly seen: Written['made'] },
    ];
    const at = new Map(seen);
    const delays = made.map(([version, from]) => (at.get(version) ?? Infinity) - from);
    const how = listen ? 'NOTIFY' : 'polling';
    const [median, p99] = [quantile(delays, 0.5), quantile(delays, 0.99)];
    note(suite, `visible by ${how}, median`, median / 1000, 's');
    note(suite, `visible by ${how}, 99 %`, p99 / 1000, 's');
    rows.push([
      listen ? 'by NOTIFY' : 'by polling every 50 ms',
      count(delays.length),
      time(median),
      time(p99),
    ]);
  }
  return printed({
    caption: 'From the call of a writer to the version in a follower elsewhere.',
    head: ['told', 'commits', 'median', '99 %'],
    rows,
  });
}

async function searches(suite: Suite): Promise<Table> {
  const { machines, quick } = suite;
  const ms = quick ? 1000 : 8000;
  const namespace = 'searches';
  await machines.start('make', { namespace, count: quick ? 2000 : 50_000 }).result;
  const search = (): Machine<{ readonly times: readonly number[] }> =>
    machines.start('search', { namespace, ms, listen: true });
  const idle = (await machines.together([search()]))[0].times;
  const writer = machines.start<{ readonly times: readonly number[] }>('write', { namespace, ms, rate: 50 });
  const busy = (await machines.together([search(), writer]))[0].times;
  const rows = [idle, busy].map((times, i) => {
    const what = i === 0 ? 'nobody writes' : 'another process writes';
    const [median, p99] = [quantile(times, 0.5), quantile(times, 0.99)];
    note(suite, `search in a follower, ${what}, median`, median / 1000, 's');
    note(suite, `search in a follower, ${what}, 99 %`, p99 / 1000, 's');
    return [what, count(times.length), time(median), time(p99)];
  });
  const ratio = quantile(busy, 0.5) / quantile(idle, 0.5);
  note(suite, 'search in a follower, while others write to idle', ratio, '×');
  rows.push([
    'the second to the first',
    '–',
    rounded(ratio),
    rounded(quantile(busy, 0.99) / quantile(idle, 0.99)),
  ]);
  return printed({
    caption: 'Searches of a follower, ten results each.',
    head: ['', 'searches', 'median', '99 %'],
    rows,
  });
}

async function ways(suite: Suite): Promise<Table> {
  const { machines, quick, words } = suite;
  const commits = quick ? 1000 : 10_000;
  const caught = await machines.start<{
    readonly seconds: number;
    readonly commits: number;
    readonly processor: number;
  }>('catchUp', { namespace: 'behind', count: commits }).result;
  const perSecond = caught.commits / caught.seconds;
  note(suite, 'catching up, commits a second', perSecond, '1/s');
  note(suite, 'catching up, processor a commit', caught.processor / caught.commits, 's');
  const { rows: indexed } = await machines.start<{ readonly rows: number }>('words', {
    ...{ namespace: 'words', count: words },
  }).result;
  const starts: { readonly opened: number; readonly searched: number }[] = [];
  for (let i = 0; i < 3; i++)
    starts.push(await machines.start<(typeof starts)[number]>('start', { namespace: 'words' }).result);
  const opened = quantile(
    starts.map((one) => one.opened),
    0.5,
  );
  const searched = quantile(
    starts.map((one) => one.searched),
    0.5,
  );
  note(suite, 'starting a follower of the words', opened / 1000, 's');
  note(suite, 'starting a follower of the words, with a first search', searched / 1000, 's');
  return printed({
    caption: 'How a follower gets to where the others are.',
    head: ['', 'time', ''],
    rows: [
      [
        `catching up ${count(caught.commits)} commits`,
        time(1000 * caught.seconds),
        `${rounded(perSecond)} a second`,
      ],
      [`starting, of ${count(indexed)} words`, time(opened), `${time(searched)} with a first search`],
    ],
  });
}
