// The model of the other tests, as LlamaIndex takes it.
import { BaseEmbedding } from '@llamaindex/core/embeddings';
import { letters } from './embeddings.js';

export class LlamaLetters extends BaseEmbedding {
  // eslint-disable-next-line @typescript-eslint/no-useless-constructor -- that of the base is protected
  constructor() {
    super();
  }

  getTextEmbedding(text: string): Promise<number[]> {
    return Promise.resolve(letters(text));
  }
}
