import { type Posting } from 'shardex';
import { checkThat } from '../../support/checks/check-that.js';
import { fingerprint } from '../../support/fingerprint.js';
import type { Library } from '../../support/library.js';

const QUERY = [[0, 0]];

function posting(documentId: string, i: number): Posting {
  return { documentId, start: i, vector: [i, 1] };
}

/** I1 across threads: what is written to a branch of a replica's version shows neither in its owner nor in itself. */
export async function replicasStayApart(lib: Library): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  try {
    const cell = new lib.CowShardexIndex(lib.createIndex({ dimensions: 2, metric: 'euclidean' }));
    const add = (to: InstanceType<Library['CowShardexIndex']>, name: string, i: number): void => {
      to.update((draft) => {
        draft.addPosting(posting(name, i));
      });
    };
    for (let i = 0; i < 20; i++) add(cell, 'own', i);
    lib.serveReplicas(cell, port1);
    const replica = await lib.openReplica(port2);
    const print = (index: Parameters<Library['postings']>[0]): string => fingerprint(lib, index, QUERY);
    const branch = replica.read();
    const inThread = new lib.CowShardexIndex(branch);
    for (let i = 0; i < 3; i++) add(inThread, 'branch', i);
    const branched = print(inThread.read());
    for (let i = 20; i < 26; i++) {
      add(cell, 'own', i);
      const owner = print(cell.read());
      add(inThread, 'later', i);
      checkThat(
        print(cell.read()) === owner,
        'the owner reads as it did when a branch of a replica is written',
      );
    }
    checkThat(print(inThread.at(inThread.version)) !== branched, 'the branch goes on');
    checkThat(
      lib.postings(inThread.read(), 'branch').every(({ vector }, i) => vector[0] === i && vector[1] === 1),
      'a branch of a replica reads as it was written when the owner writes',
    );
    await replica.waitFor(cell.version);
    checkThat(print(replica.read()) === print(cell.read()), 'the replica is equal to its owner');
  } finally {
    port1.close();
  }
}

/** Whoever sees a number in shared memory can rely on that version being on its way already. */
export async function numbersFollowTheirVersions(lib: Library): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  try {
    const cell = new lib.CowShardexIndex(lib.createIndex({ dimensions: 2, metric: 'euclidean' }));
    let newest = (): number => -1;
    const post = port1.postMessage.bind(port1);
    let sent = -1;
    port1.postMessage = (message: unknown) => {
      const { body } = message as { body: { kind: string; difference: { header: { version: number } } } };
      if (body.kind === 'version') {
        checkThat(newest() <= sent, 'no number is seen before its version was sent');
        sent = body.difference.header.version;
      }
      post(message);
    };
    lib.serveReplicas(cell, port1);
    const replica = await lib.openReplica(port2);
    newest = () => replica.newestVersion;
    for (let i = 0; i < 5; i++) {
      cell.update((draft) => {
        draft.addPosting(posting('a', i));
      });
      checkThat(!replica.isClosed && replica.newestVersion === cell.version, 'the number is seen at once');
    }
    await replica.waitFor(replica.newestVersion);
    checkThat(replica.version === cell.version, 'the version comes');
  } finally {
    port1.close();
  }
}

/** A replica that missed something never answers as if it had not, and goes on. */
export async function gapsAreNoticed(lib: Library): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  try {
    const cell = new lib.CowShardexIndex(
      lib.createIndex({ dimensions: 2, metric: 'euclidean', shardCapacity: 8 }),
    );
    const prints = new Map<number, string>();
    cell.subscribe(({ index }) => prints.set(index.version, fingerprint(lib, index, QUERY)));
    const post = port1.postMessage.bind(port1);
    port1.postMessage = (message: unknown) => {
      const { body } = message as { body: { kind: string; difference: { header: { version: number } } } };
      if (body.kind === 'version' && body.difference.header.version === 2) return;
      post(message);
    };
    lib.serveReplicas(cell, port1);
    const replica = await lib.openReplica(port2);
    replica.subscribe(({ index }) => {
      const same = fingerprint(lib, index, QUERY) === prints.get(index.version);
      checkThat(same, 'each version is the one of its owner');
    });
    cell.update((draft) => {
      for (let i = 0; i < 40; i++) draft.addPosting(posting(`d${i}`, i));
    });
    // In one shard, and then in another.
    cell.update((draft) => void draft.removeDocument('d0'));
    cell.update((draft) => void draft.removeDocument('d39'));
    const version = await replica.waitFor(3).then(
      (index) => index,
      () => undefined,
    );
    checkThat(version !== undefined, 'the replica goes on');
    checkThat(fingerprint(lib, version, QUERY) === prints.get(3), 'the last version is the one of its owner');
  } finally {
    port1.close();
  }
}

/** I8 across threads: a replica lets go of the blocks that none of its versions has, and its owner of their handles. */
export async function blocksAreForgotten(
  lib: Library,
  collect: (until: () => boolean) => Promise<void>,
): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  try {
    const cell = new lib.CowShardexIndex(
      lib.createIndex({ dimensions: 2, metric: 'euclidean', shardCapacity: 8 }),
    );
    const service = lib.serveReplicas(cell, port1);
    const replica = await lib.openReplica(port2);
    for (let round = 0; round < 30; round++) {
      cell.update((draft) => {
        draft.addPostings(
          Array.from({ length: 40 }, (_, i) => ({ ...posting(`d${i}`, 0), vector: [i, round] })),
        );
      });
      await replica.waitFor(cell.version);
    }
    const live = [...cell.read().shards.values()].reduce((sum, { rows }) => sum + rows.segments.length, 0);
    await collect(() => service.replicas[0].blockCount <= live);
    checkThat(service.replicas[0].blockCount <= live, 'only blocks of the current version are known');
  } finally {
    port1.close();
  }
}
