import { describe, vi } from 'vitest';
import type * as difference from '../../src/threads/replicas/difference.js';
import type * as received from '../../src/threads/replicas/received-blocks.js';
import type * as deltaModule from '../../src/delta/delta.js';
import type * as rowBlock from '../../src/version/row-block.js';
import { control } from '../support/control.js';
import { collectGarbage } from '../support/garbage.js';
import {
  blocksAreForgotten,
  gapsAreNoticed,
  numbersFollowTheirVersions,
  replicasStayApart,
} from './support/broken-checks.js';

/* Each check is run on the library, and on one in which what it is about has been broken. */

describe('replicas', () => {
  control(
    'fails where a branch of a replica may write behind the rows that its owner appends to',
    'src/version/row-block.js',
    ({ RowBlock, claimRows }: typeof rowBlock): Partial<typeof rowBlock> => {
      // As if a block that came from elsewhere had the rows after the visible ones to give away.
      const tails = new WeakMap<object, number>();
      return {
        claimRows: (block, visible, count) => {
          if (!borrowed.has(block)) return claimRows(block, visible, count);
          const tail = Math.max(visible, tails.get(block) ?? 0);
          if (tail !== visible || visible + count > block.capacity) return false;
          tails.set(block, visible + count);
          return true;
        },
        RowBlock: class extends RowBlock {
          constructor(capacity: number, dimensions: number, shared: boolean | ArrayBufferLike = true) {
            super(capacity, dimensions, shared);
            if (typeof shared === 'object') borrowed.add(this);
          }
        },
      };
    },
    replicasStayApart,
  );

  control(
    'fails where the number is raised before its version is sent',
    'src/threads/replicas/difference.js',
    ({ differenceBetween }: typeof difference): Partial<typeof difference> => ({
      differenceBetween: (base, next, sent) => {
        for (const counter of counters) Atomics.store(counter, 0, BigInt(next.version));
        return differenceBetween(base, next, sent);
      },
    }),
    async (lib) => {
      const Original = globalThis.BigInt64Array;
      counters.length = 0;
      // ReplicaFeed makes one for each replica.
      vi.stubGlobal(
        'BigInt64Array',
        new Proxy(Original, {
          construct: (target, [buffer]: [SharedArrayBuffer]) => {
            const made = new target(buffer);
            counters.push(made);
            return made;
          },
        }),
      );
      try {
        await numbersFollowTheirVersions(lib);
      } finally {
        vi.unstubAllGlobals();
      }
    },
  );

  control(
    'fails where a gap is not noticed',
    'src/delta/delta.js',
    ({ sameVersion }: typeof deltaModule): Partial<typeof deltaModule> => ({
      // What a difference starts from is a name and nothing else; what it leads to says more.
      sameVersion: (a, b) => sameVersion(a, b) || (!('postingCount' in b) && b.version > a.version),
    }),
    gapsAreNoticed,
  );

  const kept: unknown[] = [];
  control(
    'fails where a replica keeps every block',
    'src/threads/replicas/received-blocks.js',
    ({ ReceivedBlocks }: typeof received): Partial<typeof received> => ({
      ReceivedBlocks: class extends ReceivedBlocks {
        override take(...given: Parameters<received.ReceivedBlocks['take']>) {
          const found = super.take(...given);
          kept.push(found);
          return found;
        }
      },
    }),
    (lib) => blocksAreForgotten(lib, collectGarbage),
  );
});

const borrowed = new WeakSet();
const counters: BigInt64Array[] = [];
