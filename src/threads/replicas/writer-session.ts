/*
 * The owner's side of one remote writer: carries out its calls on a writer of the cell. `serve-replicas.ts` routes
 * the calls; `remote-writer.ts` is the other side.
 */

import { show } from '../../config.js';
import type { Filter } from '../../documents/filter/filter.js';
import { jsonOf, type Metadata } from '../../documents/record.js';
import { type NamedMetadata, metadataWhere } from '../../write/edited-where.js';
import { takeMetadata } from '../../documents/take-metadata.js';
import { setEdited } from '../../write/index-draft.js';
import { InvalidOptionError, WriterClosedError } from '../../errors.js';
import type { CowShardexIndex } from '../../cell/cow-shardex-index.js';
import type { IndexWriter } from '../../cell/index-writer.js';
import type { WriterAnswer, WriterCall } from './messages.js';
import { packError } from '../port/packed-error.js';

/** The base of a remote writer. */
export interface RemoteBase {
  readonly version: number;
  /** Dimensions of its index, so that the other thread can check vectors. */
  readonly dimensions: number;
}

/** The result of a commit by a remote writer. */
export interface RemoteCommit {
  /** The number of the version that is current after. */
  readonly version: number;
  /** Its fingerprint. */
  readonly fingerprint: string;
  /** The number of the version that was current before. */
  readonly previousVersion: number;
  /** Whether nothing was changed. */
  readonly isEmpty: boolean;
}

/** Session of one remote writer, with the writer of the cell that it opened. */
export class WriterSession {
  readonly #cell: CowShardexIndex<Metadata>;
  #writer: IndexWriter<Metadata> | undefined;

  constructor(cell: CowShardexIndex) {
    this.#cell = cell as unknown as CowShardexIndex<Metadata>;
  }

  /** Carries out a call, in the order of arrival; an error becomes an answer as well. */
  answer(asked: WriterCall): WriterAnswer & { readonly call: number } {
    const { call } = asked;
    try {
      return { kind: 'wrote', call, value: this.#do(asked) };
    } catch (error) {
      return { kind: 'refused', call, error: packError(error) };
    }
  }

  /** Whether its writer is open. */
  get isOpen(): boolean {
    return this.#writer !== undefined;
  }

  /** Discards what was not committed, when the other side has gone. */
  release(): void {
    this.#writer?.discard();
    this.#writer = undefined;
  }

  #do(asked: WriterCall): unknown {
    if (asked.method === 'open') {
      this.release();
      this.#writer = this.#cell.cloneForWrite();
      const { version, config } = this.#writer.base;
      return { version, dimensions: config.dimensions } satisfies RemoteBase;
    }
    const writer = this.#writer;
    if (writer === undefined) throw new WriterClosedError('There is no such writer; open another one.');
    switch (asked.method) {
      case 'addPostings':
        return writer.addPostings(asked.postings);
      case 'removeDocuments':
        return writer.removeDocuments(asked.documentIds);
      case 'removePostings':
        return writer.removePostings(asked.keys);
      case 'replaceDocument':
        writer.replaceDocument(asked.documentId, asked.postings);
        return undefined;
      case 'putDocuments':
        return writer.putDocuments(asked.documents);
      case 'setText':
        writer.setText(asked.documentId, asked.text);
        return undefined;
      case 'setMetadata':
        writer.setMetadata(asked.documentId, asked.metadata);
        return undefined;
      case 'editMetadata': {
        const { edits } = asked;
        const isEdited = edits.every(
          ({ documentId, before }) => jsonOf(writer.getDocument(documentId)?.metadata) === before,
        );
        // All are checked before any is set.
        const taken = edits.map(({ documentId, after }): NamedMetadata => {
          return [documentId, takeMetadata(after, undefined, documentId)];
        });
        if (isEdited) setEdited(writer, taken);
        return isEdited;
      }
      case 'removeWhere':
        return writer.removeWhere(asked.where as Filter);
      case 'metadataWhere':
        return metadataWhere(writer.preview(), asked.where).map(([documentId, metadata]) => {
          return { documentId, metadata };
        });
      case 'getDocument':
        return writer.getDocument(asked.documentId);
      case 'has':
        return writer.has(asked.documentId);
      case 'commitChanges': {
        const { version, index, previous, isEmpty } = writer.commitChanges(asked.options);
        const { fingerprint } = index;
        this.#writer = undefined;
        return { version, fingerprint, previousVersion: previous.version, isEmpty } satisfies RemoteCommit;
      }
      case 'discard':
        this.release();
        return undefined;
      default:
        throw strangeMethod(asked);
    }
  }
}

function strangeMethod({ method }: { readonly method: string }): InvalidOptionError {
  return new InvalidOptionError(
    'port',
    `A writer has no method ${show(method)}; both threads must have the same version of the library.`,
  );
}
