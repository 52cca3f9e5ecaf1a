// Gets the dictionary and makes its index, in steps between which the page stays alive.
import { CowShardexIndex, createIndex } from 'shardex';
import { type Dictionary, type Entry, decodeDictionary } from './dictionary.js';
import { type Embedded, embedder } from './embed.js';

/** What the page works on. */
export interface Loaded {
  readonly cell: CowShardexIndex<Entry>;
  readonly embed: (text: string) => Embedded;
  /** How many words it knows. */
  readonly words: number;
  /** What kinds of things there are. */
  readonly domains: readonly string[];
}

/** How far loading has come, from 0 to 1, and with what. */
export interface LoadProgress {
  readonly what: string;
  readonly share: number;
}

/** Small shards, of which there are enough to look at. */
const SHARD_CAPACITY = 256;
/** About how many slices the index takes. */
const USUAL_SLICES = 300;

/** Loads and indexes the dictionary at an address. */
export async function load(address: URL, onProgress: (progress: LoadProgress) => void): Promise<Loaded> {
  return index(decodeDictionary(await inflated(await fetched(address, onProgress))), onProgress);
}

/** Makes the index of a dictionary. */
export async function index(
  dictionary: Dictionary,
  onProgress: (progress: LoadProgress) => void,
): Promise<Loaded> {
  const { definitions, vectors } = dictionary;
  const embed = embedder(vectors);
  const cell = new CowShardexIndex(
    createIndex<Entry>({
      dimensions: vectors.dimensions,
      shardCapacity: SHARD_CAPACITY,
      indexed: ['pos', 'domain'],
    }),
  );
  await cell.ingest(documentsOf(dictionary, embed), {
    onProgress: ({ taken, slices }) => {
      const what = `Indexing ${definitions.length.toLocaleString('en')} definitions`;
      // After the last one was taken, they are put into shards, which cannot be foreseen to the slice.
      const share = (0.5 * taken) / definitions.length + (0.5 * slices) / (slices + USUAL_SLICES);
      onProgress({ what, share });
    },
  });
  const domains = [...new Set(definitions.map(({ entry }) => entry.domain))].sort();
  return { cell, embed, words: vectors.words.length, domains };
}

function* documentsOf({ definitions }: Dictionary, embed: Loaded['embed']) {
  for (const { id, text, entry } of definitions) yield { documentId: id, ...contentOf(text, entry, embed) };
}

/**
 * What a document of a definition consists of: its text, with one posting for all of it, and what else is known. The posting
 * says no place in the text, so that it is the same one after the text has changed.
 */
export function contentOf(text: string, metadata: Entry, embed: Loaded['embed']) {
  return { text, metadata, postings: [{ vector: embed(text).vector }] };
}

async function fetched(address: URL, onProgress: (progress: LoadProgress) => void): Promise<Blob> {
  const response = await fetch(address);
  if (!response.ok || response.body === null)
    throw new Error(`The dictionary is not there: ${address.pathname} is answered by ${response.status}.`);
  const total = Number(response.headers.get('Content-Length'));
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let received = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Blob(pieces);
    pieces.push(value);
    received += value.length;
    onProgress({ what: 'Loading the dictionary', share: total > 0 ? Math.min(1, received / total) : 0 });
  }
}

/** Unpacks gzip, unless the server has had the browser do so already. */
async function inflated(blob: Blob): Promise<ArrayBuffer> {
  const magic = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  if (magic[0] !== 0x1f || magic[1] !== 0x8b) return blob.arrayBuffer();
  return new Response(blob.stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
}
