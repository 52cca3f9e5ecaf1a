// Constants of loops, in memory below the callers' own. V8 from version 13 on (Node 24) builds a vector literal in three
// instructions at each use: a scan, whose loop has four, took a third longer, and making tables half as long again. A load
// is one instruction.

/** The lower half of each byte. */
export const LOW_HALVES: usize = memory.data<u8>(
  [15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15],
  16,
);

/** The signs of the second of two lanes, and of the last two of four. */
export const ODD: usize = memory.data<f32>([1, -1, 1, -1], 16);
export const UPPER: usize = memory.data<f32>([1, 1, -1, -1], 16);

/** All levels of two bits and of four, ascending. */
export const LEVELS_2: usize = memory.data<f32>([-1.5104, -0.4528, 0.4528, 1.5104], 16);
export const LEVELS_4: usize = memory.data<f32>(
  [
    -2.7326, -2.069, -1.6181, -1.2562, -0.9424, -0.6568, -0.3881, -0.1284, 0.1284, 0.3881, 0.6568, 0.9424,
    1.2562, 1.6181, 2.069, 2.7326,
  ],
  16,
);

/** 2^23, for one lane: adding it to a number from 0 to 2^22 leaves the rounded integer in the lowest bits. */
export const ROUNDER: usize = memory.data<f32>([8388608], 4);

/** A mask of the lowest byte, for one lane. */
export const LOWEST_BYTE: usize = memory.data<u32>([255], 4);

/** √½, rounded, for one lane. */
export const ROOT_HALF: usize = memory.data<f32>([0.70710678118654752], 4);
