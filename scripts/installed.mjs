// Tells whether a folder with a lock file of its own has what that names: the demo, and what the adapters adapt to.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Whether the packages in a folder were installed since its lock file last changed.
 *
 * @param {string} folder
 */
export function isInstalled(folder) {
  const installed = join(folder, 'node_modules/.package-lock.json');
  return (
    existsSync(installed) &&
    statSync(installed).mtimeMs >= statSync(join(folder, 'package-lock.json')).mtimeMs
  );
}
