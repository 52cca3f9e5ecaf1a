/*
 * A writer of a cell that is in another thread: sends each call to the owner, where `writer-session.ts` carries it
 * out, and matches the answers.
 */

import { onAbort } from '../../checks/abort.js';
import { assertSignal } from '../../config.js';
import { detachable, findable } from '../../checks/detached.js';
import { takeOptions } from '../../checks/given.js';
import { type CommitOptions, checkedConflictOption } from '../../cell/index-writer.js';
import { editedMetadata, type MetadataRecipe } from '../../documents/edit-metadata.js';
import { assertWithin } from '../../documents/extent.js';
import type { Filter } from '../../documents/filter/filter.js';
import { copyOfFilter } from '../../documents/filter/operand.js';
import { parseFilter } from '../../documents/filter/parse.js';
import {
  type DocumentRecord,
  type FrozenMetadata,
  type Metadata,
  jsonOf,
  recordOf,
} from '../../documents/record.js';
import {
  type DocumentInput,
  type NamedDocument,
  assertText,
  eachDocument,
  takeDocument,
  takeNamed,
} from '../../documents/take-document.js';
import { takeMetadata } from '../../documents/take-metadata.js';
import {
  type DocumentPosting,
  type Posting,
  type StoredPosting,
  assertDocumentId,
  eachDocumentId,
  eachPosting,
  takePosting,
  writeVector,
} from '../../version/posting.js';
import { type KeyInput, eachKey } from '../../version/posting-key.js';
import type { Port } from '../port/port.js';
import { type NamedMetadata, type WhereRecipe, editedEach } from '../../write/edited-where.js';
import { type CallWithoutNumber, Conversation } from './writer-conversation.js';
import type { RemoteBase, RemoteCommit } from './writer-session.js';

/** Options of {@link openRemoteWriter}. */
export interface RemoteWriterOptions {
  /** Aborts the wait for the writer. */
  readonly signal?: AbortSignal;
}

/** Metadata as they come from the owner. */
interface SentMetadata {
  readonly documentId: string;
  readonly metadata: object;
}

/**
 * A writer of a cell in another thread, made by {@link openRemoteWriter}.
 *
 * The owner carries out its calls one after another; you need not await a call before the next one. Arguments are checked
 * and copied when a call is made, by the rules of a draft. A call rejects with the error of the writer there, as one of the
 * same class with the same fields. It rejects with {@link PortClosedError} if the port or the other thread ends before an
 * answer comes: then it is unknown whether the call was carried out.
 */
export class RemoteWriter<M extends object = object> {
  /** The number of the version that it was made from. */
  readonly baseVersion: number;
  readonly #dimensions: number;
  readonly #conversation: Conversation;

  static {
    detachable(this, (value) => #conversation in value, 'stable');
  }

  /** @internal */
  constructor({ version, dimensions }: RemoteBase, conversation: Conversation) {
    this.baseVersion = version;
    this.#dimensions = dimensions;
    this.#conversation = conversation;
    findable(this);
  }

  /** Adds a posting, as `addPosting` of a draft does. */
  async addPosting(posting: Posting): Promise<void> {
    await this.addPostings([posting]);
  }

  /** Adds postings, as `addPostings` of a draft does. */
  async addPostings(postings: Iterable<Posting>): Promise<number> {
    this.#conversation.assertOpen();
    const copies = copyPostings(postings, this.#dimensions);
    return (await this.#ask({ method: 'addPostings', postings: copies })) as number;
  }

  /** Removes a posting, as `removePosting` of a draft does. */
  async removePosting(key: KeyInput): Promise<boolean> {
    return (await this.removePostings([key])) === 1;
  }

  /** Removes postings, as `removePostings` of a draft does. */
  async removePostings(keys: Iterable<KeyInput>): Promise<number> {
    this.#conversation.assertOpen();
    const copies = [...eachKey(keys)];
    return (await this.#ask({ method: 'removePostings', keys: copies })) as number;
  }

  /** Removes a document, as `removeDocument` of a draft does. */
  async removeDocument(documentId: string): Promise<number> {
    return this.removeDocuments([documentId]);
  }

  /** Removes documents, as `removeDocuments` of a draft does. */
  async removeDocuments(documentIds: Iterable<string>): Promise<number> {
    this.#conversation.assertOpen();
    const ids = [...eachDocumentId(documentIds)];
    return (await this.#ask({ method: 'removeDocuments', documentIds: ids })) as number;
  }

  /** Replaces a document, as `replaceDocument` of a draft does. */
  async replaceDocument(documentId: string, postings: Iterable<Posting>): Promise<void> {
    this.#conversation.assertOpen();
    assertDocumentId(documentId);
    const copies = copyPostings(postings, this.#dimensions);
    await this.#ask({ method: 'replaceDocument', documentId, postings: copies });
  }

  /** Puts a document, as `putDocument` of a draft does. */
  async putDocument(documentId: string, document: DocumentInput<M>): Promise<void> {
    this.#conversation.assertOpen();
    const copy = copyDocument({ ...takeDocument(document), documentId }, this.#dimensions);
    await this.#ask({ method: 'putDocuments', documents: [copy] });
  }

  /** Puts documents, as `putDocuments` of a draft does. */
  async putDocuments(documents: Iterable<NamedDocument<M>>): Promise<number> {
    this.#conversation.assertOpen();
    const copies = Array.from(eachDocument(documents), (document) =>
      copyDocument(document, this.#dimensions),
    );
    return (await this.#ask({ method: 'putDocuments', documents: copies })) as number;
  }

  /** Sets a text, as `setText` of a draft does. */
  async setText(documentId: string, text: string | undefined): Promise<void> {
    this.#conversation.assertOpen();
    assertDocumentId(documentId);
    assertText(text);
    await this.#ask({ method: 'setText', documentId, text });
  }

  /** Sets metadata, as `setMetadata` of a draft does. */
  async setMetadata(documentId: string, metadata: M | FrozenMetadata<M> | undefined): Promise<void> {
    this.#conversation.assertOpen();
    assertDocumentId(documentId);
    const copy = metadata && takeMetadata(metadata, undefined, documentId);
    await this.#ask({ method: 'setMetadata', documentId, metadata: copy });
  }

  /**
   * Edits metadata, as `editMetadata` of a draft does.
   *
   * The recipe runs in this thread, on a copy of the metadata. It runs again if an earlier call changed them meanwhile.
   */
  async editMetadata(documentId: string, recipe: MetadataRecipe<M>): Promise<void> {
    for (let isDone = false; !isDone;) {
      const before = (await this.getDocument(documentId))?.metadata as Metadata | undefined;
      const after = editedMetadata(before, recipe as MetadataRecipe<object>, documentId);
      const edit = { documentId, before: jsonOf(before), after: takeMetadata(after, before, documentId) };
      isDone = (await this.#ask({ method: 'editMetadata', edits: [edit] })) as boolean;
    }
  }

  /** Removes the documents that pass a filter, as `removeWhere` of a draft does. */
  async removeWhere(filter: Filter<M>): Promise<number> {
    this.#conversation.assertOpen();
    return (await this.#ask({ method: 'removeWhere', where: sentFilter(filter) })) as number;
  }

  /**
   * Edits the metadata of all documents that pass a filter, as `editWhere` of a draft does. The recipe runs here, as that of
   * `editMetadata` does: all of them again where any of these metadata were changed meanwhile.
   */
  async editWhere(filter: Filter<M>, recipe: WhereRecipe<M>): Promise<number> {
    this.#conversation.assertOpen();
    const where = sentFilter(filter);
    for (;;) {
      const sent = (await this.#ask({ method: 'metadataWhere', where })) as readonly SentMetadata[];
      const before = sent.map(({ documentId, metadata }): NamedMetadata => {
        return [documentId, takeMetadata(metadata, undefined, documentId)];
      });
      const edits = editedEach(before, recipe).map(([documentId, after], i) => {
        return { documentId, before: jsonOf(before[i][1]), after };
      });
      if (await this.#ask({ method: 'editMetadata', edits })) return edits.length;
    }
  }

  /** Reads a text and metadata, as `getDocument` of a draft does. */
  async getDocument(documentId: string): Promise<DocumentRecord<M> | undefined> {
    this.#conversation.assertOpen();
    assertDocumentId(documentId);
    const sent = (await this.#ask({ method: 'getDocument', documentId })) as DocumentRecord | undefined;
    const metadata = sent?.metadata && takeMetadata(sent.metadata, undefined, documentId);
    return recordOf(sent?.text, metadata) as DocumentRecord<M> | undefined;
  }

  /** Whether the draft has a document, as `has` of a draft does. */
  async has(documentId: string): Promise<boolean> {
    this.#conversation.assertOpen();
    assertDocumentId(documentId);
    return (await this.#ask({ method: 'has', documentId })) as boolean;
  }

  /**
   * Commits as `commitChanges` of a writer does: closes the writer, except if it rejects. To see the commit in a
   * replica, wait for its number: `await replica.waitFor(commit.version)`.
   */
  async commitChanges(options: CommitOptions = {}): Promise<RemoteCommit> {
    const onConflict = checkedConflictOption(options);
    const commit = await this.#ask({ method: 'commitChanges', options: { onConflict } });
    this.#conversation.close('committed');
    return Object.freeze(commit as RemoteCommit);
  }

  /** Discards the changes. Does nothing on a writer that is closed already. */
  async discard(): Promise<void> {
    if (!this.#conversation.isOpen) return;
    await this.#ask({ method: 'discard' });
    this.#conversation.close('discarded');
  }

  /** Calls `discard()`, so that `await using writer = …` cannot leave one open. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.discard();
  }

  #ask(asked: CallWithoutNumber): Promise<unknown> {
    return this.#conversation.ask(asked);
  }
}

/**
 * Opens a writer of the cell at the other end of a port, which {@link serveReplicas} serves with `writable: true`.
 *
 * So a worker can have the cell, and the thread that started it can write without being blocked.
 *
 * @throws it rejects with {@link InvalidOptionError}, also if the port serves readers only; with the signal's reason,
 * {@link PortClosedError}, {@link CellClosedError}
 *
 * @example
 * ```ts
 * import { CowShardexIndex, createIndex, openRemoteWriter, openReplica, serveReplicas } from 'shardex';
 *
 * const { port1, port2 } = new MessageChannel();
 * const cell = new CowShardexIndex(createIndex({ dimensions: 1 }));
 * serveReplicas(cell, port1, { writable: true });
 *
 * const replica = await openReplica(port2);
 * const writer = await openRemoteWriter(port2);
 * await writer.addPosting({ documentId: 'a', vector: [1] });
 * const { version } = await writer.commitChanges();
 * (await replica.waitFor(version)).postingCount; // → 1
 * await writer.commitChanges(); // → throws WriterClosedError
 * port1.close();
 * ```
 */
export async function openRemoteWriter<M extends object = object>(
  port: Port,
  options: RemoteWriterOptions = {},
): Promise<RemoteWriter<M>> {
  const { signal } = takeOptions(options, ['signal']);
  assertSignal(signal);
  signal?.throwIfAborted();
  const conversation = new Conversation(port);
  const stopWaiting = onAbort(signal, () => {
    // The writer may already be open at the owner: discards it there.
    void conversation.ask({ method: 'discard' }).catch(() => undefined);
    conversation.close('given up');
  });
  try {
    const base = (await conversation.ask({ method: 'open' })) as RemoteBase;
    return new RemoteWriter(base, conversation);
  } catch (error) {
    conversation.close('refused');
    signal?.throwIfAborted();
    throw error;
  } finally {
    stopWaiting();
  }
}

/** Checks and copies a filter. */
function sentFilter(filter: object): object {
  parseFilter(filter);
  return copyOfFilter(filter);
}

/** Copies and checks a document that is given with its id. */
function copyDocument<M extends object>(document: NamedDocument<M>, dimensions: number): NamedDocument {
  const { documentId, text, metadata, postings = [] } = takeNamed(document);
  assertDocumentId(documentId);
  assertText(text);
  const copies = copyPostings(postings, dimensions, documentId);
  for (const [i, posting] of copies.entries()) assertWithin(text, documentId, posting, i);
  const taken = metadata && takeMetadata(metadata, undefined, documentId);
  return { documentId, text, metadata: taken, postings: copies };
}

/**
 * Copies and checks postings, one by one: a generator may yield one buffer again and again, or parts of a large one.
 *
 * @throws {@link InvalidPostingError}, {@link InvalidVectorError}
 */
function copyPostings(
  postings: Iterable<DocumentPosting>,
  dimensions: number,
  owner?: string,
): StoredPosting[] {
  const copies: StoredPosting[] = [];
  for (const posting of eachPosting(postings)) {
    const position = copies.length;
    const { vector, ...key } = takePosting(posting, position, owner);
    const copy = new Float32Array(dimensions);
    writeVector(vector, dimensions, copy, 0, position);
    copies.push({ ...key, vector: copy });
  }
  return copies;
}
