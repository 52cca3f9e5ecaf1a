/** @jsxImportSource react */
// A cell under React's hook for external stores, in a page: one subscription, one render for each commit that changes something.
/* eslint-disable @typescript-eslint/unbound-method -- The methods of a cell work without it. */
import { Window } from 'happy-dom';
import { type ReactNode, useMemo, useSyncExternalStore } from 'react';
import { CowShardexIndex, createIndex, search } from 'shardex';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

const window = new Window();

// React looks for a page when it is loaded.
beforeAll(() => {
  vi.stubGlobal('window', window);
  vi.stubGlobal('document', window.document);
  vi.stubGlobal('navigator', window.navigator);
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
});
afterAll(async () => {
  vi.unstubAllGlobals();
  await window.happyDOM.close();
});

function newCell(): CowShardexIndex {
  return new CowShardexIndex(createIndex({ dimensions: 1 }, [{ documentId: 'a', vector: [1] }]));
}

function write(cell: CowShardexIndex, documentId: string): void {
  cell.update((draft) => {
    draft.addPosting({ documentId, vector: [1] });
  });
}

const QUERY = [1];

test('each commit is rendered once, an empty one never, and nothing after the component is gone', async () => {
  const { act } = await import('react');
  const { createRoot } = await import('react-dom/client');
  const cell = newCell();
  let renders = 0;
  let subscriptions = 0;
  const subscribe = (listener: () => void) => {
    subscriptions++;
    return cell.subscribe(listener);
  };
  function Results(): ReactNode {
    const index = useSyncExternalStore(subscribe, cell.read);
    const hits = useMemo(() => search(index, QUERY, { k: 5 }), [index]);
    renders++;
    return <p>{hits.map((hit) => hit.documentId).join()}</p>;
  }

  const place = window.document.createElement('div') as unknown as HTMLElement;
  const root = createRoot(place);
  const add = (documentId: string) => {
    act(() => {
      write(cell, documentId);
    });
  };
  act(() => {
    root.render(<Results />);
  });
  expect([place.textContent, renders]).toEqual(['a', 1]);
  add('b');
  expect([place.textContent, renders]).toEqual(['a,b', 2]);
  add('b');
  expect(renders).toBe(2);
  act(() => {
    root.unmount();
  });
  add('c');
  expect([renders, subscriptions]).toEqual([2, 1]);
});

test('the methods of a cell are given to the hook as they are', async () => {
  const { act } = await import('react');
  const { createRoot } = await import('react-dom/client');
  const cell = newCell();
  const { read, subscribe } = cell;
  const seen: number[] = [];
  function Count(): ReactNode {
    const { postingCount } = useSyncExternalStore(subscribe, read, read);
    seen.push(postingCount);
    return postingCount;
  }
  const root = createRoot(window.document.createElement('div') as unknown as HTMLElement);
  act(() => {
    root.render(<Count />);
  });
  act(() => {
    write(cell, 'b');
  });
  expect(seen).toEqual([1, 2]);
  act(() => {
    root.unmount();
  });
});
