// A plugin for TypeDoc: makes the link to the playground at the top of each page lead there from where the page is.
import { PageEvent } from 'typedoc';

/** As typedoc.json has it, from the root of the site. */
const LINK = 'href="playground/index.html"';

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.renderer.on(PageEvent.END, (/** @type {PageEvent} */ page) => {
    const up = '../'.repeat(page.url.split('/').length - 1);
    if (page.contents !== undefined)
      page.contents = page.contents.replaceAll(LINK, LINK.replace('"', `"${up}`));
  });
}
