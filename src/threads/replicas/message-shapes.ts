/* Shapes of the messages between owners, replicas and remote writers; `messages.ts` says what they mean. */

import { isCalibrationChange } from '../../calibration/check.js';
import { isWhole } from '../../config.js';
import { PROTOCOL, type ToReplica, type ToOwner, type WriterAnswer, type WriterCall } from './messages.js';
import {
  type Shape,
  type Shapes,
  anything,
  either,
  flag,
  listOf,
  maybe,
  memory,
  name,
  nothing,
  number,
  record,
  shared,
  text,
  view,
  whole,
} from '../port/shapes.js';

const floats = view('Float32Array');
const doubles = view('Float64Array');
const integers = view('Uint32Array');
const dimensions: Shape = (value) => isWhole(value, 1, 10_000);
const versionName = record({ version: whole, fingerprint: text });

const follow = record({ name, shares: flag, round: whole, known: listOf(listOf(whole)) });

/** Messages to an owner. The arguments of a writer's calls are checked by the draft, as in one thread. */
export const TO_OWNER: Shapes<ToOwner> = {
  // A request of another protocol passes, so that it can be refused for that.
  follow: (value) => (value as { readonly protocol?: unknown }).protocol !== PROTOCOL || follow(value),
  reached: record({ round: whole, version: whole }),
  forgot: record({ blocks: listOf(listOf(whole)) }),
  leave: anything,
  write: record({ call: whole, method: text }),
};

const difference = record({
  base: maybe(versionName),
  config: maybe(record({})),
  header: record({
    version: whole,
    fingerprint: text,
    postingCount: whole,
    documentCount: whole,
    placedCount: whole,
    recordBytes: whole,
    shardCount: whole,
    byteLength: whole,
    nextShardId: whole,
    churn: whole,
    owed: listOf(whole),
  }),
  calibration: isCalibrationChange,
  gone: listOf(whole),
  shards: record({ numbers: doubles, centroids: listOf(floats) }),
  chunks: maybe(listOf(either(whole, listOf(whole)))),
  documents: maybe(
    record({
      documentIds: listOf(text),
      after: listOf(either(maybe(number), listOf(number))),
    }),
  ),
  records: record({ documentIds: listOf(text), texts: listOf(maybe(text)), metadata: listOf(text) }),
  blocks: listOf(record({ handle: whole, generation: whole, capacity: whole, memory: maybe(memory) })),
  rows: record({
    runs: listOf(whole),
    ids: listOf(either(text, listOf(text))),
    copies: listOf(
      record({
        vectors: floats,
        squaredNorms: doubles,
        separations: doubles,
        starts: integers,
        lengths: integers,
      }),
    ),
  }),
});

/** Messages to a replica. */
export const TO_REPLICA: Shapes<ToReplica> = {
  version: record({ round: whole, difference, counter: maybe(shared('BigInt64Array')), shares: flag }),
  reminder: record({ round: whole, version: whole }),
  end: anything,
};

/** Answers to a remote writer. */
export const TO_WRITER: Shapes<WriterAnswer> = {
  wrote: record({ call: whole }),
  refused: record({ call: whole }),
  end: anything,
};

/** Results of its calls. */
export const WRITTEN: Readonly<Record<WriterCall['method'], Shape>> = {
  open: record({ version: whole, dimensions }),
  addPostings: whole,
  removeDocuments: whole,
  removePostings: whole,
  removeWhere: whole,
  metadataWhere: listOf(record({ documentId: text, metadata: record({}) })),
  replaceDocument: nothing,
  has: flag,
  putDocuments: whole,
  setText: nothing,
  setMetadata: nothing,
  editMetadata: flag,
  getDocument: maybe(record({ text: maybe(text), metadata: maybe(record({})) })),
  commitChanges: record({ version: whole, fingerprint: text, previousVersion: whole, isEmpty: flag }),
  discard: nothing,
};
