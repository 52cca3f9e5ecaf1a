/** k that kills a thread of the pool in workers/bad-searcher, and one that keeps it busy before it answers. */
export const DEADLY = 666;
export const SLOW = 777;
