/*
 * The files of the page, as the build has made them: they lie beside the bundle of this entry point.
 */

import { loadFiles } from './node.js';

/** A file, and what it is. */
export interface PageFile {
  readonly type: string;
  readonly body: Uint8Array;
}

/** Files by the name under which the page asks for them; the page itself by the empty one. */
export type PageFiles = ReadonlyMap<string, PageFile>;

/** Names of the files, and what they are. */
export const PAGE_FILES = [
  ['', 'index.html', 'text/html; charset=utf-8'],
  ['main.js', 'main.js', 'text/javascript; charset=utf-8'],
  ['main.css', 'main.css', 'text/css; charset=utf-8'],
] as const;

/** Reads the files. */
export async function pageFiles(): Promise<PageFiles> {
  const files = await loadFiles();
  const entries = PAGE_FILES.map(async ([name, file, type]): Promise<[string, PageFile]> => {
    const body = await files.readFile(new URL(`explore-page/${file}`, import.meta.url));
    return [name, { type, body }];
  });
  return new Map(await Promise.all(entries));
}
