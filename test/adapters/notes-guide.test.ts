// The guide of the note-keeping apps says of each how many lines it takes. Its examples are run with the others.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const guide = readFileSync(new URL('../../docs/guides/notes.md', import.meta.url), 'utf8');

/** Lines between the comments that open the app and what follows it; of the first such block below a heading. */
function linesOf(name: string): number {
  const section = guide.split(`\n## ${name}\n`)[1];
  const [, app] = /\/\/ The app\n([^]*?)(?:\n\n|\n```)/.exec(section) ?? ['', ''];
  return app.split('\n').length;
}

test('the lines of each app are as many as the table says, and ours are at most twelve', () => {
  const row = /^\| lines +\|(.*)\|$/m.exec(guide)?.[1].split('|').map(Number);
  expect(row).toEqual(['Shardex', 'LanceDB', 'Orama'].map(linesOf));
  expect(row?.[0]).toBeLessThanOrEqual(12);
});
