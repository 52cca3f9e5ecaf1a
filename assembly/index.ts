// The kernels, which scripts/build-kernels.mjs compiles to WebAssembly. src/kernels/kernels.ts is their contract;
// src/kernels/twin/ computes the same, one component after another, in the same order of 32-bit operations.
export { encode } from './encode';
export { tables } from './tables';
export { scan, scanMany } from './scan';
export { select, sort } from './candidates';
export { distances, distancesAt } from './distances';
export { measure, measureAt } from './measure';
export { nearRows } from './near';
export { nearest } from './nearest';
export { residuals } from './residuals';
export { rotate } from './rotate';
export { roughDistances } from './rough';
export { addRowsAt } from './sums';
export { keep, least, tally, within } from './within';
