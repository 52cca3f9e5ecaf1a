/* The page of the explorer in a real browser: what it shows is what the API answers; nothing it does breaks its own policy. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe from 'axe-core';
import type * as Axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ReadableCell } from 'shardex';
import { openBrowser } from '../../scripts/browser.mjs';
import { buildExplorerPage } from '../../scripts/build-explorer.mjs';
import type { Costs } from '../../src/explore/api/costs.js';
import type { Difference } from '../../src/explore/api/difference.js';
import type { Found } from '../../src/explore/api/find.js';
import type { History, ListedChange } from '../../src/explore/api/history.js';
import type { ShardMap } from '../../src/explore/api/shard-map.js';
import { type Explorer, exploreWith } from '../../src/explore/explore.js';
import { PAGE_FILES, type PageFiles } from '../../src/explore/page-files.js';
import { ask, newCell, newStore, sent, vectors } from '../explore/support.js';

const folder = mkdtempSync(join(tmpdir(), 'shardex-explore-'));
let browser: Browser;
let files: PageFiles;

beforeAll(async () => {
  await buildExplorerPage(folder);
  files = new Map(
    PAGE_FILES.map(([name, file, type]) => [name, { type, body: readFileSync(join(folder, file)) }]),
  );
  browser = await openBrowser();
});

afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Visit {
  readonly page: Page;
  readonly explorer: Explorer;
  readonly api: <T>(path: string, init?: RequestInit) => Promise<T>;
  /** What was asked for. */
  readonly requests: string[];
}

/** Opens the page on something, and fails where the page complains of anything. */
async function visit(
  cell: ReadableCell,
  options: { readonly write?: boolean; readonly width?: number; readonly colorScheme?: 'dark' },
  work: (visit: Visit) => Promise<void>,
): Promise<void> {
  const explorer = await exploreWith(cell, { write: options.write ?? false }, () => Promise.resolve(files));
  const page = await browser.newPage({
    viewport: { width: options.width ?? 1280, height: 800 },
    ...(options.colorScheme && { colorScheme: options.colorScheme }),
  });
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => requests.push(request.url()));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective }) => {
      console.error(`violates ${violatedDirective}`);
    });
  });
  const api = async <T>(path: string, init?: RequestInit): Promise<T> =>
    (await ask(explorer, `api/${path}`, init)).body as T;
  try {
    await page.goto(explorer.url);
    await page.waitForSelector('.versions li');
    await work({ page, explorer, api, requests });
    expect(complaints).toEqual([]);
    expect(requests.filter((url) => !url.startsWith(explorer.url) && !url.startsWith('data:'))).toEqual([]);
  } finally {
    await page.close();
    await explorer.close();
  }
}

/** The texts of elements, without what is between words. */
async function texts(page: Page, selector: string): Promise<string[]> {
  return (await page.locator(selector).allInnerTexts()).map((text) => text.replace(/\s+/g, ' ').trim());
}

/** What is shown in the end, however busy the machine is. */
const shown = <T>(see: () => Promise<T> | T) => expect.poll(see, { timeout: 45_000 });

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();

test('a store: its versions, the map and its table, differences, memory and a search are those of the API', async () => {
  const store = await newStore();
  await visit(store, {}, async ({ page, api }) => {
    const history = await api<History>('history');
    const changes = await api<ListedChange[]>(
      `changes?versions=${history.versions.map(({ version }) => version).join()}`,
    );
    await page.waitForFunction((n) => document.querySelectorAll('.counts').length === n, changes.length);
    const listed = await texts(page, '.versions li .what');
    expect(listed).toHaveLength(history.versions.length);
    history.versions.forEach(({ version, author, message, tags }, i) => {
      for (const said of [String(version), author, message, ...tags]) expect(listed[i]).toContain(said);
      const change = changes.find((one) => one.version === version);
      if (change) expect(listed[i]).toContain(`+${change.added}`);
    });
    await shown(() => texts(page, '.branches button')).toEqual(['main 12', 'draft 9']);

    await press(page, 'Show version 11');
    await press(page, 'Compare with version 8');
    const map = await api<ShardMap>('map?version=11&against=8');
    await shown(() => page.locator('#map').innerText()).toMatch(/Version 11.*compared with version 8/);
    for (const state of ['shared', 'changed', 'new', 'gone'] as const)
      await shown(() => page.getByTestId(state).innerText()).toBe(String(map.against?.counts[state]));
    expect(map.against?.counts.shared).toBeGreaterThan(0);
    await page.getByText('Shards as a table').click();
    await shown(() => texts(page, 'tbody tr[data-shard]')).toEqual(
      map.shards.map(
        ({ id, rows, dead, state = '', x, y }) =>
          `${id} ${rows} ${dead} ${state} ${x.toPrecision(3)}, ${y.toPrecision(3)}`,
      ),
    );

    await page.getByRole('textbox', { name: 'Document' }).fill('v1 5');
    await press(page, 'Search');
    const found = await api<Found>('search', sent({ version: 11, against: 8, like: 'v1 5', k: 10 }));
    await shown(() => page.getByTestId('read').innerText()).toBe(String(found.explanation.shardsScanned));
    await shown(() => texts(page, '.results b')).toEqual(found.results.map(({ documentId }) => documentId));
    await shown(() => texts(page, '.results .score')).toEqual(
      found.results.map(({ score }) => score.toFixed(4)),
    );
    const order = () =>
      page
        .locator('tr[data-shard]')
        .evaluateAll((rows) =>
          rows
            .filter((row) => row.firstElementChild?.textContent !== '')
            .map((row) => Number((row as HTMLElement).dataset.shard)),
        );
    await shown(order).toEqual(found.explanation.scanned);

    await page.getByRole('tab', { name: 'Search' }).press('ArrowRight');
    const difference = await api<Difference>('difference?version=11&against=8');
    const { added, removed, updated, records } = difference.counts;
    await shown(() => page.getByTestId('counts').innerText()).toBe(
      `${added} added, ${removed} removed, ${updated} updated, ${records} records`,
    );
    await shown(() => texts(page, '.keys li')).toEqual(difference.added.map(({ documentId }) => documentId));

    await page.getByRole('tab', { name: 'Memory' }).click();
    const costs = await api<Costs>('costs');
    await page.getByRole('cell', { name: `${costs.statistics.recordCount} documents` }).waitFor();
    await shown(() => page.getByRole('row', { name: /^dead rows/ }).innerText()).toContain(
      String(costs.statistics.deadRowCount),
    );
    expect(await page.getByRole('button', { name: 'Undo' }).count()).toBe(0);
  });
  await store.close();
});

test('a branch is shown beside the branch that it comes from', async () => {
  const store = await newStore();
  await visit(store, {}, async ({ page, api }) => {
    await press(page, 'Compare with version 10');
    await page.getByRole('button', { name: 'draft 9' }).click();
    const map = await api<ShardMap>('map?branch=draft&version=9&against=10&againstBranch=main');
    await shown(() => page.locator('#map').innerText()).toMatch(/Version 9.*compared with version 10/);
    await shown(() => page.getByTestId('changed').innerText()).toBe(String(map.against?.counts.changed));
    expect(map.against?.isComparable).toBe(true);
    await shown(async () => (await texts(page, '.versions li .what b')).slice(0, 2)).toEqual(['9', '8']);
  });
  await store.close();
});

test('a cell: texts before and after, and commits as they come', async () => {
  const cell = newCell();
  await visit(cell, { colorScheme: 'dark' }, async ({ page, requests }) => {
    await press(page, 'Show version 2');
    await press(page, 'Compare with version 1');
    await page.getByRole('tab', { name: 'Differences' }).click();
    await shown(() => texts(page, '.record')).toEqual([
      'd7 before the text of document 7 { "group": 2 } after not there',
      'd8 before the text of document 8 { "group": 3 } after another text, by hand { "group": 3 }',
    ]);
    await press(page, 'Show the newest, as it comes');
    const asked = requests.length;
    const next = vectors(8);
    const commits = 1000;
    for (let i = 0; i < commits; i++) {
      cell.update((draft) => {
        draft.addPosting({ documentId: `live ${i % 90}`, vector: next() });
      });
      if (i % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await shown(() => page.getByTestId('newest').innerText()).toBe(String(cell.version));
    await shown(() => page.locator('#map').innerText()).toContain(`Version ${cell.version}`);
    await shown(() => page.locator('.status').innerText()).toContain('1,000 commits');
    // Of thousands of commits, the page asked a few times.
    expect(requests.length - asked).toBeLessThan(100);
  });
});

test('writes where it may, by keyboard alone', async () => {
  const store = await newStore();
  await visit(store, { write: true, width: 390 }, async ({ page }) => {
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain('Skip to the map');
    await page.getByRole('button', { name: 'Undo' }).focus();
    await page.keyboard.press('Enter');
    await shown(() => store.version).toBe(13);
    await shown(() => page.getByTestId('newest').innerText()).toBe('13');
    await page.getByLabel(/^Tag for version/).fill('kept');
    await page.keyboard.press('Enter');
    await shown(() => store.tags().get('kept')).toBe(13);
    await shown(() => texts(page, '.tag')).toContain('kept');
  });
  await store.close();
});

test('who sees little or hears the page finds names, roles and enough contrast, in light and dark', async () => {
  const store = await newStore();
  for (const colorScheme of [undefined, 'dark'] as const)
    await visit(store, { write: true, ...(colorScheme && { colorScheme }) }, async ({ page }) => {
      await page.getByText('Shards as a table').click();
      await page.evaluate(axe.source);
      // In the dark the parts differ in colours alone, which all of them share.
      for (const tab of colorScheme === 'dark' ? ['Search'] : ['Search', 'Differences', 'Memory']) {
        await page.getByRole('tab', { name: tab }).click();
        await page.locator('[role=tabpanel] *').first().waitFor();
        const violations = await page.evaluate(async () => {
          const { axe } = window as unknown as { readonly axe: typeof Axe };
          const { violations } = await axe.run();
          return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
        });
        expect(violations, `${tab}, ${colorScheme ?? 'light'}`).toEqual([]);
      }
    });
  await store.close();
});
