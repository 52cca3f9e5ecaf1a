/* What the command line says of what differs, to people and to programs, line by line; and all of its exit codes. */

import { beforeAll, describe, expect, test } from 'vitest';
import { type Ran, commandLine } from './support.js';

const { folder, run } = commandLine();

let at: string;

/** Version 1: a, b, c. Version 2: a elsewhere, a second posting of b, no c (it is another document), d with a text. */
beforeAll(async () => {
  at = folder();
  await run(at, ['init', '-d', '2']);
  const one = [
    { id: 'a', vector: [1, 0] },
    { id: 'b', vector: [0, 1] },
    { id: 'c', text: 'gone', metadata: {}, vector: [1, 1] },
  ];
  const two = [
    { id: 'a', vector: [1, 2] },
    { id: 'b', start: 3, length: 4, vector: [3, 1] },
    { id: 'c', postings: [] },
    { id: 'd', text: 'new', vector: [5, 1] },
  ];
  for (const rows of [one, two]) {
    const { code, err } = await run(at, ['import'], rows.map((row) => JSON.stringify(row)).join('\n'));
    expect([code, err]).toEqual([0, '']);
  }
});

const key = (documentId: string, start = 0, length = 0): object => ({ documentId, start, length });

describe('diff', () => {
  test('names all that came, went and changed, from the first version to the second', async () => {
    const wanted = {
      added: [key('b', 3, 4), key('d')],
      removed: [key('c')],
      updated: [key('a')],
      records: [{ documentId: 'c' }, { documentId: 'd' }],
    };
    const ahead = await run(at, ['--json', 'diff', '1', '2']);
    expect([ahead.code, ahead.err]).toEqual([0, '']);
    expect(JSON.parse(ahead.out)).toEqual({
      from: 1,
      to: 2,
      counts: { added: 2, removed: 1, updated: 1, records: 2 },
      ...wanted,
    });
    const back = await run(at, ['--json', 'diff', '2', '1']);
    expect(JSON.parse(back.out)).toEqual({
      from: 2,
      to: 1,
      counts: { added: 1, removed: 2, updated: 1, records: 2 },
      ...wanted,
      added: wanted.removed,
      removed: wanted.added,
    });
  });

  test('tells people the same, so many of each kind', async () => {
    const head = 'Version 1 to 2: 2 added, 1 removed, 1 updated, 2 records';
    const all = [
      '+ b  3, length 4',
      '+ d  0, length 0',
      '- c  0, length 0',
      '~ a  0, length 0',
      '" c',
      '" d',
    ];
    const linesOf = async (...args: string[]): Promise<string[]> => {
      const { code, out, err } = await run(at, ['diff', '1', ...args]);
      expect([code, err]).toEqual([0, '']);
      return out.trimEnd().split('\n');
    };
    expect(await linesOf('HEAD')).toEqual([head, ...all]);
    expect(await linesOf()).toEqual([head, ...all]);
    expect(await linesOf('-n', '1')).toEqual([
      head,
      '+ b  3, length 4',
      '+ and 1 more',
      '- c  0, length 0',
      '~ a  0, length 0',
      '" c',
      '" and 1 more',
    ]);
    expect(await linesOf('-n', '0')).toEqual([head]);
  });

  test('ends with 1 where something differs only if that is asked for, and prints what differs all the same', async () => {
    const differs = await run(at, ['--json', 'diff', '1', '2', '--exit-code']);
    expect(differs.code).toBe(1);
    expect(JSON.parse(differs.out)).toMatchObject({ from: 1, to: 2 });
    expect(JSON.parse(differs.err)).toMatchObject({ error: { code: 'DIFFERS' } });
    // Only the text of a document differs: no posting does.
    await run(at, ['import'], '{"id": "d", "text": "newer", "vector": [5, 1]}');
    const { code, out } = await run(at, ['--json', 'diff', '2', '3', '--exit-code']);
    expect([code, JSON.parse(out)]).toMatchObject([1, { counts: { added: 0, updated: 0, records: 1 } }]);
    expect(await run(at, ['diff', '3', '--exit-code'])).toEqual({
      code: 0,
      out: 'Version 3 to 3: 0 added, 0 removed, 0 updated, 0 records\n',
      err: '',
    });
  });
});

describe('exit codes', () => {
  const OK = 0;
  const FAILED = 1;
  const USAGE = 2;
  const CONFLICT = 3;

  beforeAll(async () => {
    for (const name of ['ours', 'theirs']) await run(at, ['branch', name]);
    for (const [name, x] of [
      ['ours', 7],
      ['theirs', 8],
    ] as const)
      await run(at, ['-b', name, 'import'], `{"id": "a", "vector": [${x}, 1]}`);
  });

  test.each([
    [OK, ['stats']],
    [OK, ['help']],
    [OK, ['search', '-v', '[1,1]']],
    [FAILED, ['show', 'nobody']],
    [FAILED, ['redo']],
    [FAILED, ['export', '--at', '99']],
    [FAILED, ['merge', 'nowhere']],
    [FAILED, ['tag', 'x', '99']],
    [USAGE, []],
    [USAGE, ['--nothing-like-that', 'stats']],
    [USAGE, ['merge']],
    [USAGE, ['merge', 'theirs', '--on-conflict', 'both']],
    [USAGE, ['diff']],
    [CONFLICT, ['-b', 'ours', 'merge', 'theirs']],
  ])('%i: %j', async (code, args) => {
    const ran = await run(at, args);
    expect(ran.code, ran.err).toBe(code);
    // What went well says nothing on standard error, what did not nothing on standard output.
    expect(code === OK ? ran.err : ran.out).toBe('');
    expect(code === OK ? ran.out : ran.err).not.toBe('');
  });
});

test('every command takes versions that only the log has, and tells of those that are gone', async () => {
  const old = folder();
  await run(old, ['init', '-d', '2']);
  for (let i = 1; i <= 4; i++) await run(old, ['import'], `{"id": "d${i}", "vector": [${i}, 1]}`);
  const done = async (...args: string[]): Promise<unknown> => {
    const { code, out, err } = await run(old, ['--json', ...args]);
    expect([code, err]).toEqual([0, '']);
    return JSON.parse(out);
  };
  expect(await done('tag', 'old', '2')).toEqual({ tag: 'old', version: 2 });
  expect(await done('tag', 'older', 'HEAD~3')).toEqual({ tag: 'older', version: 1 });
  expect(await done('branch', 'b', '--at', '3')).toEqual({ branch: 'b', version: 3 });
  expect(await done('diff', '1', 'HEAD~1')).toMatchObject({ from: 1, to: 3, counts: { added: 2 } });
  expect(await done('search', '-v', '[1,1]', '--at', '3')).toHaveLength(3);
  expect(await done('tag', 'older', '-d')).toEqual({ tag: 'older', isDeleted: true });
  await run(old, ['branch', 'b', '-d']);
  await run(old, ['compact']);
  expect(await done('search', '-v', '[1,1]', '--at', 'old')).toHaveLength(2);
  for (const args of [
    ['tag', 'x', '3'],
    ['restore', '3'],
    ['diff', '3'],
    ['branch', 'x', '--at', '3'],
    ['search', '-v', '[1,1]', '--at', '3'],
    ['undo'],
  ]) {
    const { code, out, err } = await run(old, ['--json', ...args]);
    expect([code, out], args.join(' ')).toEqual([1, '']);
    expect(JSON.parse(err), args.join(' ')).toMatchObject({
      error: {
        code: 'VERSION_NOT_KEPT',
        message: expect.stringMatching(/Version 3 is gone.*back to 4 .*"old" \(2\)/) as string,
      },
    });
  }
  expect(await done('restore', 'old')).toMatchObject({ version: 5, documents: 2 });
}, 60_000);

test.each([
  [['tag'], '[]'],
  [['tag', 'here', '3'], '{"tag":"here","version":3}'],
  [['tag', 'here', '-d'], '{"tag":"here","isDeleted":true}'],
  [['branch', 'b', '--at', '1'], '{"branch":"b","version":1}'],
  [['branch', 'b', '-d'], '{"branch":"b","isDeleted":true}'],
  [['restore', '1'], '{"version":4,"postings":3,"documents":3}'],
  [['undo'], '{"version":5,"postings":4,"documents":3}'],
])('with --json, %j prints one line that is JSON', async (args, wanted) => {
  const { code, out, err }: Ran = await run(at, ['--json', ...args]);
  expect({ code, out, err }).toEqual({ code: 0, out: `${wanted}\n`, err: '' });
});
