/*
 * Answers of the API for a component. While a request runs, only the newest key that came since is remembered, so that a busy
 * index cannot flood the page.
 */

import { useEffect, useRef, useState } from 'preact/hooks';

/** An answer, or why there is none. What was there before stays until the next one comes. */
export interface Answer<T> {
  readonly value?: T;
  readonly error?: string;
}

/** Asks when the key changes, at most once in `everyMs` milliseconds. */
export function useAnswer<T>(key: string | undefined, ask: () => Promise<T>, everyMs = 250): Answer<T> {
  const [answer, setAnswer] = useState<Answer<T>>({});
  const current = useRef({ key, ask, asked: undefined as string | undefined, isBusy: false, isGone: false });
  current.current.key = key;
  current.current.ask = ask;
  useEffect(() => {
    const state = current.current;
    const next = (): void => {
      if (state.isBusy || state.isGone || state.key === undefined || state.key === state.asked) return;
      state.isBusy = true;
      state.asked = state.key;
      const pause = new Promise((resolve) => setTimeout(resolve, everyMs));
      state
        .ask()
        .then(
          (value) => {
            if (!state.isGone) setAnswer({ value });
          },
          (error: unknown) => {
            if (!state.isGone) setAnswer({ error: error instanceof Error ? error.message : String(error) });
          },
        )
        .then(() => pause)
        .then(() => {
          state.isBusy = false;
          next();
        }, console.error);
    };
    next();
  }, [key]);
  useEffect(() => {
    const state = current.current;
    state.isGone = false;
    return () => {
      state.isGone = true;
    };
  }, []);
  return answer;
}
