/*
 * Spans and durations of operations, by OpenTelemetry's conventions for clients of databases.
 */

import {
  type Attributes,
  type Context,
  type Histogram,
  type Meter,
  type MeterProvider,
  type Span,
  type SpanKind,
  SpanStatusCode,
  type Tracer,
  type TracerProvider,
  context,
  metrics,
  trace,
} from '@opentelemetry/api';
import { fieldOf, takeOptions, thrownText } from '../checks/given.js';
import { show } from '../checks/show.js';
import { requireName } from '../config.js';
import { InvalidOptionError } from '../errors.js';

/** How the index is named in spans and metrics, and where these go. */
export interface TelemetryOptions {
  /** What the index is called in them: their `db.namespace`. Default `shardex`. */
  readonly name?: string;
  /** Where spans go. Default: the provider that the program has registered. */
  readonly tracerProvider?: TracerProvider;
  /** Where metrics go. Default: the provider that the program has registered. */
  readonly meterProvider?: MeterProvider;
}

export const TELEMETRY_OPTIONS = ['name', 'tracerProvider', 'meterProvider'] as const;

/** The instrumentation scope. */
const SCOPE = 'shardex';

/** Bounds of durations in seconds: those of the conventions, and finer ones for what is answered from memory. */
const BOUNDS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/** What is known of an operation before it runs. */
export interface Operation {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes?: Attributes;
  /** What it is part of. Default: what is active. */
  readonly parent?: Context;
  /** When it began, by `performance.now()`. Default: now. */
  readonly startedAt?: number;
}

/** Makes spans, and measures. */
export class Telemetry {
  readonly meter: Meter;
  /** What all spans and metrics have. */
  readonly attributes: Attributes;
  readonly #tracer: Tracer;
  readonly #duration: Histogram;
  readonly #name: string;

  /** @throws {@link InvalidOptionError} */
  constructor(options: TelemetryOptions) {
    const { name = SCOPE, tracerProvider, meterProvider } = takeOptions(options, TELEMETRY_OPTIONS);
    requireName('name', name);
    requireProvider('tracerProvider', tracerProvider, 'getTracer');
    requireProvider('meterProvider', meterProvider, 'getMeter');
    this.#name = name;
    this.attributes = { 'db.system.name': SCOPE, 'db.namespace': name };
    this.#tracer = (tracerProvider ?? trace).getTracer(SCOPE);
    this.meter = (meterProvider ?? metrics).getMeter(SCOPE);
    this.#duration = this.meter.createHistogram('db.client.operation.duration', {
      description: 'Duration of operations.',
      unit: 's',
      advice: { explicitBucketBoundaries: BOUNDS },
    });
  }

  /** Runs work in a span, which ends with it, or with the promise that it returns. */
  run<T>(operation: Operation, work: (span: Span) => T, about: (result: Awaited<T>) => Attributes): T {
    const { name, kind, attributes, parent = context.active() } = operation;
    const ofAll = { ...this.attributes, 'db.operation.name': name };
    const { startedAt = performance.now() } = operation;
    const span = this.#tracer.startSpan(
      `${name} ${this.#name}`,
      { kind, attributes: { ...ofAll, ...attributes }, startTime: performance.timeOrigin + startedAt },
      parent,
    );
    const end = (more: Attributes): void => {
      this.#duration.record((performance.now() - startedAt) / 1000, { ...ofAll, ...more });
      span.end();
    };
    const done = (result: Awaited<T>): void => {
      span.setAttributes(about(result));
      end({});
    };
    const failed = (error: unknown): void => {
      const type = typeOf(error);
      span.setAttribute('error.type', type);
      span.recordException(error instanceof Error ? error : thrownText(error));
      span.setStatus({ code: SpanStatusCode.ERROR, message: thrownText(error) });
      end({ 'error.type': type });
    };
    try {
      const result = context.with(trace.setSpan(parent, span), work, undefined, span);
      if (result instanceof Promise) result.then(done, failed);
      else done(result as Awaited<T>);
      return result;
    } catch (error) {
      failed(error);
      throw error;
    }
  }
}

/** The `error.type` of an error: its code or its name, so that there are few. */
function typeOf(error: unknown): string {
  const code = fieldOf(error, 'code');
  if (typeof code === 'string') return code;
  return error instanceof Error ? error.name : 'other';
}

/** @throws {@link InvalidOptionError} */
function requireProvider(name: string, value: unknown, method: string): void {
  if (value === undefined || typeof fieldOf(value, method) === 'function') return;
  throw new InvalidOptionError(name, `${name} must have a method ${method}, not ${show(value)}.`);
}
