// Two copies of the library in one process, one of them minified: as where an application is bundled.
import { build } from 'esbuild';
import * as shardex from 'shardex';
import { beforeAll, expect, test } from 'vitest';
import { fileURLToPath } from 'node:url';
import { thrownBy } from './support/thrown.js';

let other: typeof shardex;

beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../src/index.ts', import.meta.url))],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
  });
  const url = `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`;
  other = (await import(/* @vite-ignore */ url)) as typeof shardex;
});

test('errors of a minified copy have the names that they are documented under', () => {
  const details = { baseVersion: 0, currentVersion: 1, documents: [], postings: [], shards: [] };
  const classes = Object.entries(other).filter(([name]) => name.endsWith('Error'));
  expect(classes).toHaveLength(21);
  for (const [name, kind] of classes) {
    const Class = kind as unknown as new (...args: unknown[]) => Error;
    const second = { ConflictError: details, MergeConflictError: [] }[name] ?? 'message';
    const error = new Class('message', second, 0);
    expect(error.name).toBe(name);
    expect(String(error)).toBe(`${name}: message`);
  }
});

test('what another copy has made is refused by an error that says so', () => {
  const options = { dimensions: 1 };
  const postings = [{ documentId: 'a', vector: [1] }];
  const foreign = other.createIndex(options, postings);
  const { port1 } = new MessageChannel();
  const own = shardex.createIndex(options);
  const calls: [() => unknown, new (...args: never[]) => Error][] = [
    [() => shardex.search(foreign, [1], { k: 1 }), shardex.InvalidIndexError],
    [() => shardex.diff(own, foreign), shardex.InvalidIndexError],
    [() => new shardex.CowShardexIndex(foreign), shardex.InvalidIndexError],
    [
      () => shardex.applyDelta(own, other.diff(other.createIndex(options), foreign)),
      shardex.InvalidDeltaError,
    ],
    [() => shardex.serveReplicas(new other.CowShardexIndex(foreign), port1), shardex.InvalidOptionError],
    // And the other way round.
    [() => other.search(own, [1], { k: 1 }), other.InvalidIndexError],
  ];
  for (const [call, kind] of calls) {
    const error = thrownBy(call);
    expect(error).toBeInstanceOf(kind);
    expect((error as Error).message).toMatch(
      /made by another copy of the library \(its format is 1, that of this copy 1\)/,
    );
  }
  // A cell of another copy is first of all a cell.
  expect(
    String(thrownBy(() => shardex.search(new other.CowShardexIndex(foreign) as never, [1], { k: 1 }))),
  ).toContain('pass cell.read()');
});

test('versions go from copy to copy as bytes, as the error says', () => {
  const options = { dimensions: 1 };
  const foreign = other.createIndex(options, [{ documentId: 'a', vector: [1] }]);
  const bytes = other.encodeDelta(other.diff(other.createIndex(options), foreign));
  const index = shardex.applyDelta(shardex.createIndex(options), shardex.decodeDelta(bytes));
  expect(index.fingerprint).toBe(foreign.fingerprint);
});
