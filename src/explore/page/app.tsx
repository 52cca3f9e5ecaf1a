/*
 * The app: which version is shown, which one is compared, and the parts that show them.
 */

import { useCallback, useEffect, useState } from 'preact/hooks';
import type { Found } from '../api/find.js';
import type { Ref } from '../versions.js';
import { get, pairOf } from './client.js';
import { CostsPanel } from './costs.js';
import { DifferencePanel } from './difference.js';
import { HistoryList } from './history.js';
import { MapView } from './map.js';
import { SearchPanel } from './search.js';
import { Tabs } from './tabs.js';
import { count, many } from './texts.js';
import { useAnswer } from './use-answer.js';
import { type Live, useLive } from './use-live.js';

export function App() {
  const live = useLive();
  const newest = live.last?.version;
  const [writes, setWrites] = useState(0);
  const overview = useAnswer(`${newest ?? ''} ${writes}`, () => get('overview'), 1000).value;
  const [shown, setShown] = useState<Ref>({});
  const [against, setAgainst] = useState<Ref | undefined>(undefined);
  const [hasChosen, setHasChosen] = useState(false);
  const [found, setFound] = useState<Found | undefined>(undefined);

  // At first the newest version is compared with the one before it.
  useEffect(() => {
    if (newest === undefined || hasChosen) return;
    setHasChosen(true);
    get('history', { limit: 2 }).then(({ versions }) => {
      const before = versions.find(({ version }) => version !== newest) ?? versions.at(-1);
      if (before !== undefined) setAgainst({ version: before.version });
    }, console.error);
  }, [newest, hasChosen]);

  const show = useCallback((ref: Ref) => {
    setShown(ref);
    setFound(undefined);
  }, []);
  const pair = pairOf(shown, against);
  const moving = shown.version === undefined ? newest : undefined;
  const mapKey = newest === undefined ? undefined : JSON.stringify([pair, moving]);
  const map = useAnswer(mapKey, () => get('map', pair));
  const isTooLate = found !== undefined && map.value !== undefined && found.version !== map.value.version;

  return (
    <>
      <a class="skip" href="#map">
        Skip to the map
      </a>
      <Header live={live} kind={overview?.kind} config={overview?.config} />
      <main>
        <HistoryList
          {...{ live, overview, shown, against, onShow: show, onCompare: setAgainst }}
          onWritten={() => {
            setWrites((n) => n + 1);
          }}
          writes={writes}
        />
        <MapView
          map={map.value}
          error={map.error}
          found={isTooLate ? undefined : found}
          isNewest={moving !== undefined}
        />
        <Tabs
          label="Details"
          tabs={[
            {
              name: 'Search',
              view: () => <SearchPanel {...{ shown, against, found, isTooLate, onFound: setFound }} />,
            },
            { name: 'Differences', view: () => <DifferencePanel {...{ shown, against, moving }} /> },
            { name: 'Memory', view: () => <CostsPanel newest={newest} /> },
          ]}
        />
      </main>
    </>
  );
}

interface HeaderProps {
  readonly live: Live;
  readonly kind: string | undefined;
  readonly config: { readonly dimensions: number; readonly metric: string } | undefined;
}

function Header({ live: { last, commits, isConnected }, kind, config }: HeaderProps) {
  return (
    <header>
      <h1>
        Shardex <span>{kind}</span>
      </h1>
      {last && (
        <p class="facts">
          <span>
            version <b data-testid="newest">{last.version}</b>
          </span>
          <span>{many(last.postings, 'posting')}</span>
          <span>{many(last.documents, 'document')}</span>
          <span>{many(last.shards, 'shard')}</span>
          {config && (
            <span>
              {config.dimensions} dimensions, {config.metric}
            </span>
          )}
        </p>
      )}
      <p class={isConnected ? 'status' : 'status away'}>
        {isConnected ? (commits === 0 ? 'Live' : `Live: ${count(commits)} commits seen`) : 'Not connected'}
      </p>
    </header>
  );
}
