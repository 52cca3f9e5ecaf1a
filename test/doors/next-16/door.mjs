// Next as it comes, that is with Turbopack: the guide's page, a pool in a page, and one in a route handler.
export default async function ({ run, visit, check, guide, look, whileRunning }) {
  const { commands } = guide('next');
  const [, build, [npx, ...start]] = commands.map((line) => line.split(' '));
  await run(...build);
  await whileRunning(npx, [...start, '--hostname', '127.0.0.1', '--port', '0'], async (address) => {
    const answer = await fetch(`${address}/api`);
    check(answer.ok ? await answer.json() : await answer.text(), 'route handler');
    await visit(`${address}/use-all`);
    await look(address, useNotes);
  });
}

/** Writes two notes, and searches for one. */
async function useNotes(page) {
  const first = (text) => page.waitForSelector(`li:first-child:text-is("${text}")`, { timeout: 20_000 });
  for (const text of ['Cats purr.', 'Trains run on rails.']) {
    await page.fill('[name=text]', text);
    await page.press('[name=text]', 'Enter');
    await page.waitForSelector(`li:text-is("${text}")`, { timeout: 20_000 });
  }
  for (const [query, text] of [
    ['trains', 'Trains run on rails.'],
    ['cats', 'Cats purr.'],
  ]) {
    await page.fill('[name=q]', query);
    await page.press('[name=q]', 'Enter');
    await first(text);
  }
}
