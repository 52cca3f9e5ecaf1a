// Starts the playground: loads the dictionary, says how far that is, then shows the page.
import { render } from 'preact';
import { useEffect, useErrorBoundary, useState } from 'preact/hooks';
import { App } from './app.js';
import { type LoadProgress, type Loaded, load } from './dictionary/load.js';

const root = document.getElementById('app');
if (root !== null) render(<Start address={new URL('dictionary.bin', document.baseURI)} />, root);

function Start({ address }: { address: URL }) {
  const [progress, setProgress] = useState<LoadProgress>({ what: 'Loading the dictionary', share: 0 });
  const [loaded, setLoaded] = useState<Loaded>();
  const [failure, setFailure] = useState<string>();
  const fail = (error: unknown) => {
    setFailure(error instanceof Error ? error.message : String(error));
  };
  useErrorBoundary(fail);
  useEffect(() => {
    load(address, setProgress).then(setLoaded, fail);
  }, [address]);
  if (failure !== undefined) return <p role="alert">{failure}</p>;
  if (loaded !== undefined) return <App loaded={loaded} />;
  return (
    <div class="loading">
      <label>
        {progress.what} …
        <progress max="1" value={progress.share} />
      </label>
    </div>
  );
}
