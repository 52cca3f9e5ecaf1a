/* The command line as a process: what it prints, to people and to programs, and how it ends. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { progressText } from '../../src/cli/progress.js';
import { type Ran, commandLine } from './support.js';

const { folder, run } = commandLine();

function json(ran: Ran): unknown {
  expect([ran.code, ran.err]).toEqual([0, '']);
  return JSON.parse(ran.out);
}

function lines(count: number, from = 0): string {
  return Array.from({ length: count }, (_, i) =>
    JSON.stringify({ id: `d${from + i}`, vector: [from + i, 1, 2] }),
  ).join('\n');
}

/** A `.npy` as NumPy writes it, of version 1. */
function npy(descr: string, shape: string, data: Uint8Array, order = 'False'): Buffer {
  const header = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }`;
  const text = `${header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11)}\n`;
  const head = Buffer.from(`\x93NUMPY\x01\x00\0\0`, 'latin1');
  head.writeUInt16LE(text.length, 8);
  return Buffer.concat([head, Buffer.from(text, 'latin1'), data]);
}

function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

let where: string;

beforeAll(async () => {
  where = folder();
  expect((await run(where, ['init', '-d', '3', '-m', 'euclidean'])).code).toBe(0);
});

describe('usage', () => {
  test('help teaches, on standard output', async () => {
    const { code, out, err } = await run(where, ['--help']);
    expect([code, err]).toEqual([0, '']);
    for (const word of ['init', 'import', 'merge', 'undo', 'Exit codes', 'HEAD~2'])
      expect(out).toContain(word);
    const ofImport = await run(where, ['help', 'import']);
    expect(ofImport.out).toContain('"postings"');
    expect(ofImport.out).toContain('--store');
  });

  test.each([
    [['nothing-like-that'], /unknown command/],
    [['init'], /--dimensions/],
    [['init', '-d', 'x'], /whole number/],
    [['search', '-v', '1,2'], /JSON/],
    [['search', '-v', '[1]', '-l', 'a'], /either/],
    [['export', 'file.xyz'], /--format/],
    [['search', '-v', '[1,2,3]', '-k', '0'], /at least 1/],
  ])('%j is wrong usage', async (args, message) => {
    const { code, out, err } = await run(where, args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
  });

  test('what fails ends with 1, says why, and to programs in JSON', async () => {
    const none = await run(where, ['--store', 'none.db', 'log']);
    expect([none.code, none.out]).toEqual([1, '']);
    expect(none.err).toMatch(/^shardex: There is no store at none\.db/);
    const { code, err } = await run(where, ['--json', '--branch', 'none', 'log']);
    expect(code).toBe(1);
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'NO_BRANCH' } });
    const twice = await run(where, ['init', '-d', '3']);
    expect([twice.code, twice.err]).toEqual([1, expect.stringContaining('already')]);
    const gone = await run(where, ['import', 'none.jsonl']);
    expect([gone.code, gone.err]).toEqual([1, expect.stringContaining('none.jsonl')]);
  });

  test('the store may be named by the environment', async () => {
    const before = process.env.SHARDEX_STORE;
    process.env.SHARDEX_STORE = 'shardex.db';
    try {
      expect(json(await run(where, ['--json', 'stats']))).toMatchObject({ store: 'shardex.db' });
    } finally {
      if (before === undefined) delete process.env.SHARDEX_STORE;
      else process.env.SHARDEX_STORE = before;
    }
  });
});

describe('import and export', () => {
  test('JSON lines from a pipe come back as they went in', async () => {
    const at = folder();
    await run(at, ['init', '-d', '2']);
    const rows = [
      { id: 'a', start: 0, length: 0, vector: [0.5, 1] },
      { id: 'b', start: 3, length: 4, vector: [1, 0.25] },
      { id: 'c', text: 'Grüße 👋', metadata: { n: 1, tags: ['x'] }, postings: [] },
      { id: 'd', text: 'abc', postings: [{ start: 0, length: 3, vector: [1, 1] }] },
    ];
    const text = `\n${rows.map((row) => JSON.stringify(row)).join('\r\n')}`;
    const ran = json(await run(at, ['--json', 'import', '-m', 'all', '--author', 'ann'], text));
    expect(ran).toMatchObject({ version: 1, rows: 4, documents: 4, postings: 3 });
    const out = await run(at, ['export']);
    expect(out.code).toBe(0);
    expect(
      out.out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(rows);
    expect(json(await run(at, ['--json', 'log']))).toMatchObject([{ author: 'ann', message: 'all' }]);
  });

  test('.npy and .fvecs of all that they may hold', async () => {
    const at = folder();
    await run(at, ['init', '-d', '2']);
    const values = [1, 2, -3, 4, 5, 100];
    const kinds: [string, ArrayBufferView][] = [
      ['<f4', new Float32Array(values)],
      ['<f8', new Float64Array(values)],
      ['|i1', new Int8Array(values)],
      ['<i4', new Int32Array(values)],
      ['<f2', new Uint16Array([0x3c00, 0x4000, 0xc200, 0x4400, 0x4500, 0x5640])],
    ];
    for (const [descr, data] of kinds)
      writeFileSync(join(at, `${descr.slice(1)}.npy`), npy(descr, '(3, 2)', bytesOf(data)));
    for (const [descr] of kinds) {
      const name = descr.slice(1);
      expect((await run(at, ['import', `${name}.npy`, '--prefix', `${name}-`])).code).toBe(0);
    }
    const exported = (await run(at, ['export'])).out.trim().split('\n');
    const rows = exported.map((line) => JSON.parse(line) as { id: string; vector: number[] });
    const wanted = kinds.flatMap(([descr]) =>
      [0, 1, 2].map((row) => [`${descr.slice(1)}-${row}`, values.slice(2 * row, 2 * row + 2)]),
    );
    expect(new Map(rows.map(({ id, vector }) => [id, vector]))).toEqual(
      new Map(wanted as [string, number[]][]),
    );
    expect((await run(at, ['export', 'all.fvecs'])).code).toBe(0);
    const fvecs = readFileSync(join(at, 'all.fvecs'));
    expect([fvecs.length, fvecs.readInt32LE(0), fvecs.readFloatLE(4)]).toEqual([15 * 12, 2, 1]);
    writeFileSync(join(at, 'ids.txt'), Array.from({ length: 15 }, (_, i) => `again-${i}\n`).join(''));
    expect(json(await run(at, ['--json', 'import', 'all.fvecs', '--ids', 'ids.txt']))).toMatchObject({
      rows: 15,
    });
    // From a pipe, by its format; and what export writes of .npy, import reads.
    await run(at, ['export', 'all.npy']);
    const bytes = readFileSync(join(at, 'all.npy'));
    expect(bytes.length).toBe(Math.ceil(bytes.indexOf('\n') / 64) * 64 + 30 * 8);
    expect(json(await run(at, ['--json', 'import', '-f', 'npy', '--prefix', 'z'], bytes))).toMatchObject({
      rows: 30,
    });
  }, 60_000);

  const half = npy('<f4', '(3, 3)', bytesOf(new Float32Array([1, 2, 3, 4])));
  test.each([
    ['cut off', half, /cut off/],
    ['in columns', npy('<f4', '(1, 3)', bytesOf(new Float32Array(3)), 'True'), /C order/],
    ['of three dimensions', npy('<f4', '(1, 1, 3)', bytesOf(new Float32Array(3))), /table of rows/],
    ['of texts', npy('<U1', '(1, 3)', new Uint8Array(12)), /type/],
    ['big-endian', npy('>f4', '(1, 3)', new Uint8Array(12)), /type/],
    ['something else', Buffer.from('hello, hello, hello'), /no \.npy/],
  ])('a .npy that is %s is refused, and nothing is imported', async (name, bytes, message) => {
    writeFileSync(join(where, `${name}.npy`), bytes);
    const before = json(await run(where, ['--json', 'stats']));
    const { code, err } = await run(where, ['import', `${name}.npy`]);
    expect([code, err]).toEqual([1, expect.stringMatching(message)]);
    expect(json(await run(where, ['--json', 'stats']))).toEqual(before);
  });

  test('a line that is wrong is named, and nothing is imported', async () => {
    for (const [input, message] of [
      [`${lines(2)}\n{"id": "x", "vector": [1, 2`, /Line 3 of the pipe is no JSON/],
      ['[1]', /Line 1 .* is no object/],
      ['{"vector": [1, 2, 3]}', /no "id"/],
      ['{"id": "x", "vector": [1, 2]}', /3/],
      ['{"id": "x", "vektor": [1, 2, 3]}', /vektor/],
    ] as const) {
      const { code, err } = await run(where, ['import'], input);
      expect([code, err]).toEqual([1, expect.stringMatching(message)]);
    }
    expect(json(await run(where, ['--json', 'stats']))).toMatchObject({ version: 0 });
  });

  test('ids that do not fit the vectors are refused', async () => {
    writeFileSync(
      join(where, 'three.npy'),
      npy('<f4', '(3, 3)', bytesOf(new Float32Array([1, 2, 3, 4, 5, 6, 7, 8, 9]))),
    );
    writeFileSync(join(where, 'two.txt'), 'a\nb\n');
    writeFileSync(join(where, 'four.txt'), 'a\nb\nc\nd\n');
    for (const ids of ['two.txt', 'four.txt'])
      expect((await run(where, ['import', 'three.npy', '--ids', ids])).code).toBe(1);
    expect(json(await run(where, ['--json', 'stats']))).toMatchObject({ version: 0 });
  });

  test('many commits, where that is asked for', async () => {
    const at = folder();
    await run(at, ['init', '-d', '3']);
    expect(json(await run(at, ['--json', 'import', '--commit-every', '10'], lines(95)))).toMatchObject({
      version: 10,
      rows: 95,
    });
    expect(json(await run(at, ['--json', 'log', '-n', '3']))).toHaveLength(3);
  });
});

describe('working', () => {
  let at: string;
  beforeAll(async () => {
    at = folder();
    await run(at, ['init', '-d', '3', '-m', 'euclidean', '--indexed', 'n']);
    await run(at, ['import'], lines(20));
    await run(at, ['import'], '{"id": "d3", "text": "the text", "metadata": {"n": 3}, "vector": [3, 1, 2]}');
  });

  test('searching', async () => {
    const found = json(await run(at, ['--json', 'search', '-v', '[4,1,2]', '-k', '3', '--exact']));
    expect(found).toMatchObject([
      { documentId: 'd4', distance: 0 },
      { documentId: 'd3', text: 'the text' },
      {},
    ]);
    expect(json(await run(at, ['--json', 'search', '--like', 'd4', '-k', '1']))).toMatchObject([
      { distance: 1 },
    ]);
    expect(json(await run(at, ['--json', 'search', '-w', '{"n": {"$gt": 2}}'], '[0,0,0]'))).toMatchObject([
      { documentId: 'd3' },
    ]);
    const table = await run(at, ['search', '-v', '[4,1,2]', '-k', '2']);
    expect(table.out.split('\n').map((line) => line.trim().split(/\s+/))).toMatchObject([
      ['score', 'distance', 'document', 'start', 'length', 'text'],
      ['1.0000', '0.0000', 'd4', '0', '0'],
      ['0.5000', '1.0000', 'd3', '0', '0', 'the', 'text'],
      [''],
    ]);
    expect((await run(at, ['search', '--like', 'none'])).code).toBe(1);
    expect((await run(at, ['search'], 'no vector')).code).toBe(2);
    expect((await run(at, ['search', '-v', '[1]'])).code).toBe(1);
  }, 60_000);

  test('time: log, diff, tags, restore, undo, redo', async () => {
    await run(at, ['tag', 'before']);
    await run(at, ['import', '-m', 'moves d5'], '{"id": "d5", "vector": [9, 9, 9]}');
    expect(json(await run(at, ['--json', 'tag']))).toEqual([{ tag: 'before', version: 2 }]);
    expect(json(await run(at, ['--json', 'diff', 'before']))).toMatchObject({
      from: 2,
      to: 3,
      counts: { added: 0, removed: 0, updated: 1, records: 0 },
      updated: [{ documentId: 'd5' }],
    });
    expect((await run(at, ['diff', 'before', 'HEAD', '--exit-code'])).code).toBe(1);
    expect((await run(at, ['diff', 'HEAD', '3', '--exit-code'])).code).toBe(0);
    expect(json(await run(at, ['--json', 'undo', '-m', 'no']))).toMatchObject({ version: 4 });
    expect((await run(at, ['diff', 'before', '--exit-code'])).code).toBe(0);
    expect(json(await run(at, ['--json', 'redo']))).toMatchObject({ version: 5 });
    expect(await run(at, ['redo'])).toMatchObject({ code: 1, err: 'shardex: There is nothing to redo.\n' });
    expect(json(await run(at, ['--json', 'restore', 'HEAD~1']))).toMatchObject({ version: 6 });
    const log = await run(at, ['log', '-n', '4']);
    expect(log.out).toMatch(/6 .*\n *5 .* redo\n *4 .* undo: no\n *3 .* moves d5/);
    for (const version of ['7', 'HEAD~99', 'none', '-1', '1.5'])
      expect((await run(at, ['restore', '--', version])).code, version).toBe(1);
    expect((await run(at, ['tag', 'before', '-d'])).code).toBe(0);
    expect((await run(at, ['tag', 'before', '-d'])).code).toBe(1);
  }, 60_000);

  test('branches: made, worked on, merged, deleted; a conflict ends with 3', async () => {
    expect((await run(at, ['branch', 'draft'])).code).toBe(0);
    expect((await run(at, ['branch', 'draft'])).code).toBe(1);
    await run(at, ['-b', 'draft', 'import'], '{"id": "d1", "vector": [7, 7, 7]}');
    expect(json(await run(at, ['--json', 'branch']))).toMatchObject([
      { name: 'main', isCurrent: true },
      { name: 'draft', isCurrent: false },
    ]);
    await run(at, ['import'], '{"id": "d1", "vector": [8, 8, 8]}');
    const conflict = await run(at, ['--json', 'merge', 'draft']);
    expect([conflict.code, conflict.out]).toEqual([3, '']);
    expect(JSON.parse(conflict.err)).toMatchObject({ error: { code: 'MERGE_CONFLICT' } });
    expect(json(await run(at, ['--json', 'merge', 'draft', '--on-conflict', 'theirs']))).toMatchObject({
      isEmpty: false,
      updated: 1,
    });
    expect(json(await run(at, ['--json', 'merge', 'draft']))).toMatchObject({ isEmpty: true });
    expect(json(await run(at, ['--json', 'show', 'd1']))).toMatchObject({
      postings: [{ vector: [7, 7, 7] }],
    });
    expect((await run(at, ['branch', 'draft', '-d'])).code).toBe(0);
    expect((await run(at, ['branch', 'main', '-d'])).code).toBe(1);
    expect((await run(at, ['merge', 'draft'])).code).toBe(1);
  }, 60_000);

  test('upkeep: compact and verify; damage is found', async () => {
    expect((await run(at, ['compact'])).code).toBe(0);
    expect(json(await run(at, ['--json', 'verify']))).toMatchObject({ violations: [] });
    const path = join(at, 'shardex.db');
    const bytes = readFileSync(path);
    // A vector within a commit: its checksum finds it.
    const place = bytes.indexOf(Buffer.from(new Float32Array([19, 1, 2]).buffer));
    expect(place).toBeGreaterThan(0);
    for (
      let from = place;
      from >= 0;
      from = bytes.indexOf(Buffer.from(new Float32Array([19, 1, 2]).buffer), from + 1)
    )
      bytes[from] ^= 1;
    writeFileSync(join(at, 'damaged.db'), bytes);
    const { code, err } = await run(at, ['-s', 'damaged.db', '--json', 'verify']);
    expect(code).toBe(1);
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'LOG_CORRUPT' } });
  }, 60_000);
});

test('progress says how far it is, how fast, and how long it will take', () => {
  expect(progressText({ count: 5000, done: 50, total: 200 }, 10)).toBe(
    '██████░░░░░░░░░░░░░░░░░░  25%  5,000 rows  500/s  30 s left',
  );
  expect(progressText({ count: 5000, done: 1, total: 200 }, 10)).toContain('33 min 10 s left');
  expect(progressText({ count: 7, done: 90, total: undefined }, 2)).toBe('7 rows  4/s');
});
