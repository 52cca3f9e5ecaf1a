// Rewrites the declarations that tsc made so that they also hold where less is known than here: by TypeScript from 5.4
// on, and without the DOM's or Node's types. `npm run doors -- types` checks them there.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// An empty interface adds nothing to what the DOM or Node say of it.
const GLOBALS = `/// <reference lib="esnext.disposable" />
declare global {
  interface AbortSignal {}
}
`;

/** @type {[RegExp, string][]} */
const REWRITES = [
  // Typed arrays are generic since 5.7, and by default of any buffer; iterators since 5.6.
  [/\b((?:Float|Int|Uint)\d+Array)<ArrayBuffer>/g, '$1'],
  [/\b(AsyncIterableIterator<\w+(?:<\w+>)?), undefined>/g, '$1>'],
  // Of functions within the package.
  [/\bReturnType<typeof setTimeout>/g, 'unknown'],
];

/**
 * @param {string} folder
 * @param {readonly string[]} entries
 */
export function makePortable(folder, entries) {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.d.ts')) continue;
    const path = join(folder, name);
    const before = readFileSync(path, 'utf8');
    const after = REWRITES.reduce((text, [found, instead]) => text.replace(found, instead), before);
    const isEntry = entries.some((entry) => name === `${join(entry)}.d.ts`);
    const whole = isEntry ? GLOBALS + after : after;
    if (whole !== before) writeFileSync(path, whole);
  }
}
