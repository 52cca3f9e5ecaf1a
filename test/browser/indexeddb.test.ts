/* The browser's log in a real browser: reloads, tabs and whole browsers that are killed, several pages, a full disk. */

import { expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { site } from './support/browser.js';

const { open, restart, kill, context } = site();

/** Collects what a page acknowledges, from then on. */
function acknowledged(page: Page, then: (count: number) => void = () => undefined): string[] {
  const heard: string[] = [];
  page.on('console', (message) => {
    if (message.text().startsWith('ack ')) then(heard.push(message.text().slice(4)));
  });
  return heard;
}

/** Has a page write until it ends. */
function writeOn(page: Page, name: string, who: string, checkpointEvery = Infinity): void {
  page
    .evaluate(([name, who, every]) => window.inPage.write(name, who, Infinity, every), [
      name,
      who,
      checkpointEvery,
    ] as const)
    // It ends with the page.
    .catch(() => undefined);
}

/** What is in a store now; all that was acknowledged is, or the test fails. */
async function look(name: string, wanted: readonly string[]) {
  const page = await open();
  const found = await page.evaluate(([name, wanted]) => window.inPage.look(name, wanted), [
    name,
    wanted,
  ] as const);
  await page.close();
  expect(found).toMatchObject({ missing: [], violations: 0, version: found.documents });
  return found;
}

test('the tests of the store hold in a page, on IndexedDB and in memory', async () => {
  const page = await open();
  const { passed, failures } = await page.evaluate(() => window.inPage.runTests());
  expect(failures).toEqual([]);
  expect(passed.filter((name) => name.startsWith('IndexedDB > ')).length).toBeGreaterThan(45);
  expect(passed).toContain('a store does what a cell does > in IndexedDB');
  expect(passed.length).toBeGreaterThan(90);
  await page.close();
}, 300_000);

test.each([
  ['is reloaded', (page: Page) => page.reload()],
  ['is closed', (page: Page) => page.close()],
  [
    'is killed',
    async (page: Page) => {
      const session = await page.context().newCDPSession(page);
      const crashed = page.waitForEvent('crash');
      session.send('Page.crash').catch(() => undefined);
      await crashed;
      await page.close();
    },
  ],
] as const)('a page that %s while it writes loses nothing that was acknowledged', async (what, end) => {
  for (const checkpointEvery of [Infinity, 5]) {
    const name = `${what} ${checkpointEvery}`;
    const page = await open();
    let heard: string[] = [];
    await new Promise<void>((resolve) => {
      heard = acknowledged(page, (count) => {
        if (count === 23) resolve();
      });
      writeOn(page, name, 'a', checkpointEvery);
    });
    await end(page);
    await look(name, heard);
    if (!page.isClosed()) await page.close();
  }
});

test('a browser that is killed loses nothing that was acknowledged', async () => {
  for (let round = 0; round < 3; round++) {
    const pages = await Promise.all([open(), open()]);
    const heard = await new Promise<string[]>((resolve) => {
      const lists = pages.map((page, i) => {
        const list = acknowledged(page, () => {
          if (lists.flat().length >= 30) resolve(lists.flat());
        });
        writeOn(page, 'killed with the browser', `${round}-${i}`, 7);
        return list;
      });
    });
    await kill();
    await restart();
    expect(heard.length).toBeGreaterThanOrEqual(30);
    await look('killed with the browser', heard);
  }
}, 120_000);

test('two pages that write at once lose nothing, and see the same', async () => {
  const pages = await Promise.all([open(), open()]);
  const lists = pages.map((page) => acknowledged(page));
  const write = (page: Page, who: string) =>
    page.evaluate((who) => window.inPage.write('two pages', who, 40, 9), who);
  await Promise.all(pages.map((page, i) => write(page, `page ${i}`)));
  const all = lists.flat();
  expect(all).toHaveLength(80);
  const seen = [await look('two pages', all), await look('two pages', all)];
  expect(seen[0].bytes).toBe(seen[1].bytes);
  expect(seen[0].version).toBe(80);
  for (const page of pages) await page.close();
});

test.each([true, false])('a page sees what another one writes (with a broadcast: %s)', async (hasChannel) => {
  const name = `followed ${hasChannel}`;
  const [writer, follower] = await Promise.all([open(), open()]);
  if (!hasChannel)
    for (const page of [writer, follower])
      await page.evaluate(() => {
        Reflect.deleteProperty(globalThis, 'BroadcastChannel');
      });
  await writer.evaluate((name) => window.inPage.write(name, 'first', 1), name);
  const following = follower.waitForEvent('console', (message) => message.text() === 'following');
  const seen = follower.evaluate((name) => window.inPage.follow(name, 6), name);
  await following;
  await writer.evaluate((name) => window.inPage.write(name, 'later', 5), name);
  expect(await seen).toEqual([2, 3, 4, 5, 6]);
  await Promise.all([writer.close(), follower.close()]);
});

test('a site without room is told so, keeps what it has, and goes on once there is room', async () => {
  // Of a site of its own: the browser remembers for half a minute how much room there was.
  const page = await open('full.localhost');
  const session = await context().newCDPSession(page);
  const { origin } = new URL(page.url());
  const limit = (quotaSize?: number) =>
    session.send('Storage.overrideQuotaForOrigin', { origin, ...(quotaSize !== undefined && { quotaSize }) });
  const fill = (most: number) => page.evaluate((most) => window.inPage.fill('full', most), most);
  await limit(6_000_000);
  const { version, code } = await fill(80);
  expect(code).toBe('LOG_FULL');
  expect(version).toBeGreaterThan(0);
  await limit();
  expect(await fill(5)).toEqual({ code: undefined, version: version + 5 });
  await page.close();
}, 120_000);

test('a page that came without encryption keeps a store, with checkpoints', async () => {
  const page = await open('insecure.test');
  expect(await page.evaluate(() => 'subtle' in crypto || 'randomUUID' in crypto)).toBe(false);
  const heard = acknowledged(page);
  await page.evaluate(() => window.inPage.write('insecure', 'a', 12, 5));
  await page.reload();
  await page.waitForFunction(() => 'inPage' in window);
  await page.evaluate(() => window.inPage.write('insecure', 'b', 12, 5));
  expect(heard).toHaveLength(24);
  await page.close();
});
