/*
 * A timer that does not hold up the end of a process; for reminders, expiry and retries.
 */

/** Starts a timer that does not keep a Node process alive; in browsers a timer is a number and needs nothing. */
export function quietTimeout(run: () => void, ms: number): ReturnType<typeof setTimeout> {
  const timer = setTimeout(run, ms);
  (timer as { readonly unref?: () => void }).unref?.();
  return timer;
}
