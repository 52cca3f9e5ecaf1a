// A model that the tests can compute by hand: a text is embedded as how often each letter of the alphabet is in it.
import { Embeddings } from '@langchain/core/embeddings';

export const letters = (text: string): number[] =>
  Array.from('abcdefghijklmnopqrstuvwxyz', (letter) => text.toLowerCase().split(letter).length - 1);

export class LetterEmbeddings extends Embeddings {
  /** Texts that were embedded. */
  readonly seen: string[] = [];

  constructor() {
    super({});
  }

  embedDocuments(texts: string[]): Promise<number[][]> {
    this.seen.push(...texts);
    return Promise.resolve(texts.map(letters));
  }

  embedQuery(text: string): Promise<number[]> {
    return Promise.resolve(letters(text));
  }
}
