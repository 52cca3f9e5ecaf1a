/*
 * The calibration of a delta as bytes: a number for its kind; then four counts, and the samples: runs of kept ones (1, the
 * first index, the count) between new ones (0, then the sample). A sample is its key, five whole numbers, three 64-bit
 * floats and the packed ranks, two bytes a number, lowest first.
 */

import { MOST_COUNTED, type Sample } from '../calibration/calibration.js';
import type { CalibrationChange } from '../calibration/change.js';
import { MOST_SAMPLES, isCalibrationChange } from '../calibration/check.js';
import { PACKED_LENGTH } from '../calibration/ranks.js';
import { type ByteReader, type ByteWriter, damaged } from './bytes.js';

const KINDS = ['same', 'none'] as const;
const CHANGED = 2;

export function writeCalibration(out: ByteWriter, change: CalibrationChange): void {
  if (typeof change === 'string') {
    out.number(KINDS.indexOf(change));
    return;
  }
  out.number(CHANGED);
  const { samples, taken, settled, postingCount, shardCount } = change;
  for (const count of [taken, settled, postingCount, shardCount, samples.length]) out.number(count);
  for (let i = 0; i < samples.length;) {
    const sample = samples[i];
    if (typeof sample !== 'number') {
      writeSample(out, sample);
      i++;
      continue;
    }
    let count = 1;
    while (samples[i + count] === sample + count) count++;
    for (const number of [1, sample, count]) out.number(number);
    i += count;
  }
}

function writeSample(out: ByteWriter, sample: Sample): void {
  const { documentId, start, length, hash, born, postingCount, shardCount, churn } = sample;
  out.number(0);
  out.text(documentId);
  for (const number of [start, length, hash, born, postingCount, shardCount, churn]) out.number(number);
  out.raw(new Uint8Array(Float64Array.of(sample.nearest, sample.spread, sample.gap).buffer));
  const ranks = Uint16Array.from({ length: PACKED_LENGTH }, (_, i) => sample.ranks.charCodeAt(i));
  out.raw(new Uint8Array(ranks.buffer));
}

export function readCalibration(reader: ByteReader): CalibrationChange {
  const kind = reader.number(CHANGED, 'the calibration');
  if (kind !== CHANGED) return KINDS[kind];
  const [taken, settled, postingCount, shardCount] = Array.from({ length: 4 }, () =>
    reader.number(MOST_COUNTED, 'a count of the calibration'),
  );
  const count = reader.number(MOST_SAMPLES, 'the size of a sample');
  const samples: (Sample | number)[] = [];
  while (samples.length < count) {
    if (reader.number(1, 'a sample') === 0) {
      samples.push(readSample(reader));
      continue;
    }
    const first = reader.number(MOST_SAMPLES, 'a place in a sample');
    const run = reader.number(count - samples.length, 'the samples that stay');
    if (run < 1) throw damaged('no sample stays where some were said to');
    for (let i = 0; i < run; i++) samples.push(first + i);
  }
  const change = { samples, taken, settled, postingCount, shardCount };
  if (!isCalibrationChange(change)) throw damaged('the calibration is none');
  return change;
}

function readSample(reader: ByteReader): Sample {
  const documentId = reader.text('a documentId');
  const [start, length, hash] = Array.from({ length: 3 }, () =>
    reader.number(0xffff_ffff, 'a key of the sample'),
  );
  const [born, postingCount, shardCount, churn] = Array.from({ length: 4 }, () =>
    reader.number(MOST_COUNTED, 'a count of the sample'),
  );
  const floats = reader.raw(24, 'a sample');
  const [nearest, spread, gap] = new Float64Array(floats.buffer, floats.byteOffset, 3);
  const codes = reader.raw(2 * PACKED_LENGTH, 'the ranks of a sample');
  const ranks = String.fromCharCode(...new Uint16Array(codes.buffer, codes.byteOffset, PACKED_LENGTH));
  return {
    documentId,
    start,
    length,
    hash,
    born,
    postingCount,
    shardCount,
    churn,
    nearest,
    spread,
    gap,
    ranks,
  };
}
