/* Spans and metrics, as the exporters of OpenTelemetry's own SDK get them. */

import { SpanKind, SpanStatusCode, context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CowShardexIndex, InvalidOptionError, createIndex, search } from 'shardex';
import { type CommitLog, type Store, memoryLog, openFollower, openStore } from 'shardex/store';
import { type TelemetryOptions, traceLog, traceSearch, traceStore } from 'shardex/opentelemetry';
import { rejectionOf, thrownBy } from '../support/thrown.js';

let spans: InMemorySpanExporter;
let points: InMemoryMetricExporter;
let meterProvider: MeterProvider;
let options: Required<TelemetryOptions>;

beforeEach(() => {
  spans = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  points = new InMemoryMetricExporter(AggregationTemporality.DELTA);
  const reader = new PeriodicExportingMetricReader({ exporter: points, exportIntervalMillis: 3_600_000 });
  meterProvider = new MeterProvider({ readers: [reader] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  options = { name: 'notes', tracerProvider, meterProvider };
});
afterEach(async () => {
  context.disable();
  await meterProvider.shutdown();
});

function add(to: Store, documentId: string): ReturnType<Store['update']> {
  return to.update((draft) => {
    draft.addPosting({ documentId, vector: [1] });
  });
}

function named(name: string): readonly ReadableSpan[] {
  return spans.getFinishedSpans().filter((span) => span.name === `${name} notes`);
}

/** Values of all metrics since they were exported last, by name. */
async function values(): Promise<Readonly<Record<string, readonly unknown[] | undefined>>> {
  points.reset();
  await meterProvider.forceFlush();
  const all = points
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
    .map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints.map(({ value }) => value)] as const);
  return Object.fromEntries(all);
}

test('writes are spans with the version that they made, and the parent that was active', async () => {
  const store = traceStore(await openStore(memoryLog(), { dimensions: 1 }), options);
  const tracer = options.tracerProvider.getTracer('program');
  await tracer.startActiveSpan('request', async (request) => {
    await add(store, 'a');
    request.end();
  });
  const writer = store.cloneForWrite();
  writer.addPosting({ documentId: 'b', vector: [2] });
  await writer.commitChanges();
  const [update] = named('update');
  expect(update.attributes).toMatchObject({
    'db.system.name': 'shardex',
    'db.namespace': 'notes',
    'db.operation.name': 'update',
    'shardex.version': 1,
  });
  expect(update.kind).toBe(SpanKind.INTERNAL);
  const [request] = spans.getFinishedSpans().filter(({ name }) => name === 'request');
  expect(update.parentSpanContext?.spanId).toBe(request.spanContext().spanId);
  expect(named('commitChanges').map(({ attributes }) => attributes['shardex.version'])).toEqual([2]);
  expect(store.documentCount).toBe(2);
  await store.close();
});

test('what fails is a span that says how, and rejects as it did', async () => {
  const store = traceStore(await openStore(memoryLog(), { dimensions: 1 }), options);
  const broken = new Error('of the recipe');
  const failing = store.update(() => {
    throw broken;
  });
  expect(await rejectionOf(failing)).toBe(broken);
  await store.close();
  expect(await rejectionOf(add(store, 'late'))).toMatchObject({ code: 'CELL_CLOSED' });
  const [first, second] = named('update');
  expect(first.status).toEqual({ code: SpanStatusCode.ERROR, message: 'of the recipe' });
  expect(first.events.map(({ name }) => name)).toEqual(['exception']);
  expect([first, second].map(({ attributes }) => attributes['error.type'])).toEqual(['Error', 'CELL_CLOSED']);
});

test('appends and reads of a log are spans of their own; looking in vain is none', async () => {
  const log = memoryLog();
  const store = await openStore(traceLog(log, options), { dimensions: 1 });
  // Whoever comes first makes the append for all; it is no part of what that one does.
  await options.tracerProvider.getTracer('program').startActiveSpan('request', async (request) => {
    await Promise.all(['a', 'b', 'c'].map((id) => add(store, id)));
    request.end();
  });
  const [append, ...more] = named('append');
  expect(more).toEqual([]);
  expect(append.attributes).toMatchObject({
    'db.operation.batch.size': 3,
    'shardex.version': 3,
    'shardex.append.conflict': false,
  });
  expect(append.kind).toBe(SpanKind.CLIENT);
  expect(append.parentSpanContext).toBeUndefined();
  expect(named('read')).toEqual([]);
  const follower = await openFollower(traceLog(memoryLog(log), options));
  expect(named('read').map(({ attributes }) => attributes['db.response.returned_rows'])).toEqual([3]);
  await Promise.all([store.refresh(), follower.refresh()]);
  expect(named('read')).toHaveLength(1);
  // A checkpoint belongs to whoever asks for it.
  await traceStore(store, options).checkpoint();
  const [checkpoint] = named('checkpoint');
  const ids = named('commitCheckpoint').map(({ parentSpanContext }) => parentSpanContext?.spanId);
  expect(ids).toEqual([checkpoint.spanContext().spanId]);
  await store.fork('side');
  const side = await openStore(traceLog(memoryLog(log), options), { branch: 'side' });
  await add(side, 'd');
  expect(named('append')).toHaveLength(2);
  await Promise.all([side.close(), follower.close(), store.close()]);
});

test('a turn is a span, with its append in it', async () => {
  const inner = memoryLog();
  const log: CommitLog = Object.assign(memoryLog(inner), {
    inTurn: (work: (turn: CommitLog) => Promise<unknown>) => work(inner),
  });
  await inner.open(new Uint8Array([1]));
  await log.open();
  const entry = { version: 1, token: 'a', bytes: new Uint8Array(3) };
  await traceLog(log, options).inTurn?.((turn) => turn.append(undefined, [entry]));
  const [turn] = named('turn');
  expect(named('append').map((span) => span.parentSpanContext?.spanId)).toEqual([turn.spanContext().spanId]);
  await rejectionOf(traceLog(inner, options).read(-1)[Symbol.asyncIterator]().next());
  expect('inTurn' in traceLog(inner, options)).toBe(false);
});

test('searches are spans with their results; the function is called as it was', () => {
  const traced = traceSearch(search, options);
  const cell = traceStore(new CowShardexIndex(createIndex({ dimensions: 1 })), options);
  cell.update((draft) => {
    draft.addPosting({ documentId: 'a', vector: [1] });
  });
  expect(traced(cell.read(), [1], { k: 5 }).map(({ documentId }) => documentId)).toEqual(['a']);
  const failing = (): unknown => traced(cell.read(), [1, 2], { k: 1 });
  expect(thrownBy(failing)).toMatchObject({ code: 'INVALID_VECTOR' });
  const [span, failed] = named('search');
  expect(span.attributes).toMatchObject({
    'db.response.returned_rows': 1,
    'shardex.version': 1,
    'shardex.k': 5,
  });
  expect(failed.status.code).toBe(SpanStatusCode.ERROR);
});

test('counters are metrics until the store is closed; a follower has its lag', async () => {
  const log = memoryLog();
  const store = traceStore(await openStore(log, { dimensions: 1 }), options);
  await add(store, 'a');
  await add(store, 'b');
  const follower = traceStore(await openFollower(memoryLog(log)), { ...options, name: 'copy' });
  const first = await values();
  expect(first['shardex.commits']).toEqual([2]);
  expect(first['shardex.follower.lag']).toEqual([0]);
  expect(first['shardex.version']).toEqual([2, 2]);
  expect(first['db.client.operation.duration']).toMatchObject([{ count: 2 }]);
  await follower.close();
  expect((await values())['shardex.version']).toEqual([2]);
  await store.close();
  expect(Object.keys(await values()).filter((name) => name.startsWith('shardex.'))).toEqual([]);
});

test('a traced store can be handed to hooks: its methods stay the same', async () => {
  const store = traceStore(await openStore(memoryLog(), { dimensions: 1 }), options);
  const methods = (): unknown[] =>
    ['subscribe', 'read', 'update'].map((name): unknown => Reflect.get(store, name));
  const first = methods();
  methods().forEach((method, i) => {
    expect(method).toBe(first[i]);
  });
  // eslint-disable-next-line @typescript-eslint/unbound-method -- That is what is to work.
  const { subscribe, read, update } = store;
  let seen = 0;
  subscribe(({ version }) => (seen = version));
  await update((draft) => {
    draft.addPosting({ documentId: 'a', vector: [1] });
  });
  expect([seen, read().version]).toEqual([1, 1]);
  await store.close();
});

test('what cannot be traced is refused; without providers, nothing is told', async () => {
  const wrong: (() => unknown)[] = [
    () => traceStore(7 as unknown as Store),
    () => traceLog(7 as unknown as CommitLog),
    () => traceSearch('search' as unknown as typeof search),
    () => traceSearch(search, { operation: '' }),
    () => traceLog(memoryLog(), { name: '' }),
    () => traceLog(memoryLog(), { tracerProvider: {} as typeof options.tracerProvider }),
    () => traceLog(memoryLog(), { colour: 'red' } as TelemetryOptions),
  ];
  for (const call of wrong) expect(thrownBy(call)).toBeInstanceOf(InvalidOptionError);
  const store = traceStore(await openStore(traceLog(memoryLog()), { dimensions: 1 }));
  expect((await add(store, 'a')).version).toBe(1);
  await store.close();
  expect(trace.getActiveSpan()).toBeUndefined();
});
