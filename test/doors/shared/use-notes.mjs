// What the guides say of their page with notes: searched while one types, and a note that is added stands on top at once.
import assert from 'node:assert/strict';

export async function useNotes(page) {
  const shows = (first, count) =>
    page.waitForFunction(
      ([text, number]) => {
        const items = [...document.querySelectorAll('li')].map((item) => item.textContent);
        return items[0] === text && items.length === number;
      },
      [first, count],
      { timeout: 20_000 },
    );
  await shows('Cats purr.', 2);
  await page.fill('input', 'trains');
  await shows('Trains run on rails.', 2);
  await page.fill('input', 'Dogs bark.');
  await page.click('button');
  await shows('Dogs bark.', 3);
  assert.equal(await page.inputValue('input'), 'Dogs bark.');
}
