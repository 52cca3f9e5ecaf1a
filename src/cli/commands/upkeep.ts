/*
 * The commands that look after a store: verify, compact.
 */

import { statSync } from 'node:fs';
import { verify as violationsOf } from 'shardex';
import type { AddCommands, Context } from '../context.js';
import { bytesText } from '../output.js';
import { CommandFailure } from '../streams.js';

export const upkeepCommands: AddCommands = (program, context) => {
  program
    .command('verify')
    .description('look for damage: in the file, in every version that it keeps, and in the index')
    .option('--quick', 'the newest version only')
    .action((options: { readonly quick?: boolean }) => verify(context(), options.quick === true));
  program
    .command('compact')
    .description('make the file as small as it can be: old versions without a tag go')
    .action(() => compact(context()));
};

async function verify(context: Context, isQuick: boolean): Promise<void> {
  const { output } = context;
  // Opening it reads the newest checkpoint and what came after it, and checks all of that.
  const violations = await context.withStore(async (store) => {
    const { version } = store;
    // Placement is a matter of recall, not of damage.
    const found = violationsOf(store.read()).filter(({ invariant }) => invariant !== 'I6');
    let versions = 1;
    if (!isQuick)
      for (const { version: old } of await store.log({ limit: Infinity, before: version })) {
        await store.load(old);
        versions++;
      }
    const tags = isQuick ? [] : [...store.tags().keys()];
    for (const tag of tags) await store.load(tag);
    output.say({ version, versions, tags: tags.length, violations: found }, () =>
      found.length === 0
        ? `No damage in ${versions} ${versions === 1 ? 'version' : 'versions'}.`
        : found.map(({ invariant, where, what }) => `${invariant}, ${where}: ${what}`).join('\n'),
    );
    return found;
  });
  if (violations.length > 0) throw new CommandFailure('DAMAGED', 'The index breaks its invariants.');
}

async function compact(context: Context): Promise<void> {
  await context.withStore(async (store) => {
    const before = statSync(context.path).size;
    await store.compact();
    const after = statSync(context.path).size;
    context.output.say({ version: store.version, fileBytes: after, bytesBefore: before }, () =>
      after < before
        ? `The file has ${bytesText(after)} now; it had ${bytesText(before)}.`
        : `The file has ${bytesText(after)}, as before.`,
    );
  });
}
