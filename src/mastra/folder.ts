// A folder of indexes, each in a file of its own that is named after it.
import { nodeModule } from '../host/node-module.js';
import { InvalidOptionError, type ShardexOptions } from '../index.js';
import { type SqliteDriver, type Store, openStore, sqliteLog } from '../store/index.js';

const ENDING = '.db';

/** Where it is, and what opens the files: see `sqliteLog`. */
export interface FolderOptions {
  readonly path: string;
  readonly driver?: string | SqliteDriver;
}

interface Files {
  mkdir(path: string, options: { readonly recursive: true }): Promise<unknown>;
  readdir(path: string): Promise<string[]>;
  rm(path: string, options: { readonly force: true }): Promise<void>;
}

/** Opens, lists and removes the files. */
export class Folder {
  readonly #options: FolderOptions;

  constructor(options: FolderOptions) {
    this.#options = options;
  }

  /** The names of the indexes that have a file. */
  async names(): Promise<string[]> {
    const files = await (await this.#files()).readdir(this.#options.path);
    return files
      .filter((file) => file.endsWith(ENDING))
      .map((file) => decodeURIComponent(file.slice(0, -ENDING.length)));
  }

  /** Opens the file of an index, or makes it by the options. */
  async open(name: string, options: Partial<ShardexOptions> = {}): Promise<Store> {
    await this.#files();
    const { driver } = this.#options;
    const path = this.#file(name);
    return openStore(driver === undefined ? path : sqliteLog({ path, driver }), options);
  }

  /** Removes the file of an index that is closed. */
  async remove(name: string): Promise<void> {
    const files = await this.#files();
    for (const beside of ['', '-wal', '-shm']) await files.rm(this.#file(name) + beside, { force: true });
  }

  #file(name: string): string {
    return `${this.#options.path}/${encodeURIComponent(name)}${ENDING}`;
  }

  /** Node's files; the folder is there then. */
  async #files(): Promise<Files> {
    const files = (await nodeModule('fs/promises')) as Files | undefined;
    if (files === undefined)
      throw new InvalidOptionError('path', 'There are no folders here; give indexes instead.');
    await files.mkdir(this.#options.path, { recursive: true });
    return files;
  }
}
