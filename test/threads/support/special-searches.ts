/** k that kills a thread of the pool in workers/bad-searcher, and one that keeps it busy until its gate opens. */
export const DEADLY = 666;
export const SLOW = 777;

/** What {@link SLOW} goes by: whether a thread has begun it, and whether it may go on. */
export class Gate {
  readonly state: Int32Array;

  constructor(state: Int32Array = new Int32Array(new SharedArrayBuffer(8))) {
    this.state = state;
  }

  get isReached(): boolean {
    return Atomics.load(this.state, 0) === 1;
  }

  /** Blocks the thread that calls it. */
  pass(): void {
    Atomics.store(this.state, 0, 1);
    Atomics.wait(this.state, 1, 0);
  }

  open(): void {
    Atomics.store(this.state, 1, 1);
    Atomics.notify(this.state, 1);
  }
}
