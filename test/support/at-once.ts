// Computations that can pause, run to their end.
import { runSteps } from '../../src/collections/steps.js';
import { type Plane, balanceInSteps, fitPlaneInSteps, pointsOf } from '../../src/geometry/bisect.js';
import { type CentroidTable, withCentroidsInSteps } from '../../src/version/centroid-table.js';

export const balance = (...args: Parameters<typeof balanceInSteps>): number | undefined =>
  runSteps(balanceInSteps(...args));

/** The plane of points that lie row by row in a matrix. */
export const fitPlane = (...matrix: Parameters<typeof pointsOf>): Plane | undefined =>
  runSteps(fitPlaneInSteps(pointsOf(...matrix)));

export const withCentroids = (...args: Parameters<typeof withCentroidsInSteps>): CentroidTable =>
  runSteps(withCentroidsInSteps(...args));
