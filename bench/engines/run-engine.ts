// The process that measures one engine; see in-own-process.ts.
import { ENGINES, type EngineName } from './engines.js';
import { type Patience, measure } from './measure.js';
import type { Outcome } from './measured.js';

// Measures one engine with the data set in a folder, and sends what it found to the process that started this one.
const [name, folder, patience] = process.argv.slice(2);
process.send?.(
  await ENGINES[name as EngineName]()
    .then(async (engine): Promise<Outcome> => {
      return { measured: await measure(engine, folder, JSON.parse(patience) as Patience) };
    })
    .catch((error: unknown): Outcome => ({ failed: reason(error) })),
);

/** In one line, and without the folders of this machine, as it is published. */
function reason(error: unknown): string {
  const [line] = (error instanceof Error ? error.message : String(error)).split('\n');
  return line.replace(/(?:file:\/\/)?(?:[A-Z]:)?(?:[\\/][^\s\\/:'"]+)+[\\/]/g, '');
}
