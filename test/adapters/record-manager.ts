// A record manager for LangChain's `index()` with a clock that the test moves on. The door `langchain` has
// LangChain's own.
import { type ListKeyOptions, RecordManager, type UpdateOptions } from '@langchain/core/indexing';

export class ClockedRecordManager extends RecordManager {
  now = 1;
  readonly #records = new Map<string, { at: number; group: string | null }>();

  createSchema(): Promise<void> {
    return Promise.resolve();
  }

  getTime(): Promise<number> {
    return Promise.resolve(this.now);
  }

  update(keys: string[], { groupIds }: UpdateOptions = {}): Promise<void> {
    keys.forEach((key, i) => this.#records.set(key, { at: this.now, group: groupIds?.[i] ?? null }));
    return Promise.resolve();
  }

  exists(keys: string[]): Promise<boolean[]> {
    return Promise.resolve(keys.map((key) => this.#records.has(key)));
  }

  listKeys({ before = Infinity, groupIds, limit = Infinity }: ListKeyOptions = {}): Promise<string[]> {
    const found = [...this.#records].filter(
      ([, { at, group }]) => at < before && (groupIds === undefined || groupIds.includes(group)),
    );
    return Promise.resolve(found.slice(0, limit).map(([key]) => key));
  }

  deleteKeys(keys: string[]): Promise<void> {
    for (const key of keys) this.#records.delete(key);
    return Promise.resolve();
  }
}
