import * as fc from 'fast-check';

/** What a transaction does to one document. */
export interface Operation {
  readonly kind: 'read' | 'append';
  readonly document: string;
}

/** The ways to publish, besides publishing a state of the past again. */
const WAYS = [
  'writer, rebased',
  'writer, or fail',
  'update',
  'updateAsync',
  'compare and set',
  'merge',
  'discard',
] as const;

export type Step =
  | {
      readonly kind: 'write';
      readonly way: (typeof WAYS)[number];
      readonly operations: readonly Operation[];
      /** How often it pauses before each operation, where it can. */
      readonly pauses: number;
      readonly retries: number;
    }
  | { readonly kind: 'read'; readonly looks: number }
  | { readonly kind: 'restore'; readonly back: number };

export interface WatcherPlan {
  readonly kind: 'listener' | 'listener that commits' | 'stream' | 'joined stream';
  /** How many pauses it comes late. */
  readonly late: number;
  /** Whether it wants what it missed. */
  readonly since: boolean;
}

export interface Plan {
  readonly actors: readonly (readonly Step[])[];
  readonly watchers: readonly WatcherPlan[];
}

/** So few documents that transactions meet, and so many that one can read what another one writes beside it. */
const DOCUMENTS = ['a', 'b', 'c', 'd'] as const;

const operation: fc.Arbitrary<Operation> = fc.record({
  kind: fc.constantFrom('read', 'append', 'append'),
  document: fc.constantFrom(...DOCUMENTS),
});

const write: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant('write'),
  way: fc.constantFrom(...WAYS),
  operations: fc.array(operation, { minLength: 1, maxLength: 4 }),
  pauses: fc.nat(1),
  retries: fc.nat(2),
});

const read: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant('read'),
  looks: fc.integer({ min: 1, max: 4 }),
});

const restore: fc.Arbitrary<Step> = fc.record({ kind: fc.constant('restore'), back: fc.nat(4) });

const watcher: fc.Arbitrary<WatcherPlan> = fc.record({
  kind: fc.constantFrom('listener', 'listener that commits', 'stream', 'joined stream'),
  late: fc.nat(5),
  since: fc.boolean(),
});

const planOf = (step: fc.Arbitrary<Step>): fc.Arbitrary<Plan> =>
  fc.record({
    actors: fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { minLength: 2, maxLength: 5 }),
    watchers: fc.array(watcher, { maxLength: 3 }),
  });

/** In one of three the past comes back; dependencies are looked for in the others. */
export const plans: fc.Arbitrary<Plan> = fc.oneof(
  { weight: 2, arbitrary: planOf(fc.oneof({ weight: 4, arbitrary: write }, { weight: 1, arbitrary: read })) },
  {
    weight: 1,
    arbitrary: planOf(
      fc.oneof(
        { weight: 4, arbitrary: write },
        { weight: 1, arbitrary: read },
        { weight: 1, arbitrary: restore },
      ),
    ),
  },
);
