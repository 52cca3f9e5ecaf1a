/*
 * What went wrong in IndexedDB, as the errors that every log has.
 */

import { fieldOf, thrownText } from '../../checks/given.js';
import { ShardexError } from '../../errors.js';
import { LogFailedError, LogFormatError, LogFullError, UnansweredError } from '../errors.js';

/**
 * Makes the error that callers get of what the engine threw. `isCommitting`: it came after everything was handed over, so
 * that, unless the engine says that it took it back, it may be there: as when the browser ends the connection.
 */
export function logErrorOf(error: unknown, doing: string, isCommitting = false): ShardexError {
  if (error instanceof ShardexError) return error;
  const text = thrownText(error);
  switch (fieldOf(error, 'name')) {
    case 'QuotaExceededError':
      return new LogFullError(
        `The browser gives this site no more room (${doing}): ${text} Nothing was written. Delete something and go on; navigator.storage.estimate() tells how much there is.`,
      );
    case 'VersionError':
      return new LogFormatError(
        `This log was written by a later version of the library, or its database belongs to something else: ${text} Use the version that wrote it, or another name.`,
      );
    default: {
      const message = `IndexedDB failed (${doing}): ${text}`;
      return isCommitting ? new UnansweredError(message) : new LogFailedError(message, false);
    }
  }
}
