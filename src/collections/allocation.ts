// The size of allocations that go back to the system when they are freed.

/**
 * Bytes of an allocation that glibc returns to the system when it is freed.
 *
 * It maps blocks of more than 32 MiB separately. Smaller ones mostly stay in its heap, below rows that were made later: 150
 * of 450 MB were lost after indexing 340,000 vectors. Pages that are never written take no memory, so a large allocation
 * costs little, except that V8 collects garbage more often.
 */
export const LARGE_PIECE = 40 << 20;
