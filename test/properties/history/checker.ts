import { checkDependencies } from './dependencies.js';
import type { Anomaly, History } from './record.js';
import { checkSessions, checkWatchers } from './sessions.js';
import { checkStates } from './states.js';

/** Everything in a record that a cell which keeps its promises cannot have done. */
export function anomaliesOf(history: History): Anomaly[] {
  return [
    ...checkStates(history),
    ...checkSessions(history),
    ...checkWatchers(history),
    ...checkDependencies(history),
  ];
}
