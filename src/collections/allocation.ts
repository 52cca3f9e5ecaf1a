/**
 * Bytes of a piece of memory that is to be given back to the system once it is free. glibc's allocator does so with
 * pieces of more than 32 MiB for certain; smaller ones it mostly keeps for itself, and the rows that were made meanwhile
 * lie between them for good: 150 of 450 MB were lost so after indexing 340,000 vectors. What of a piece is never written
 * takes no memory, so a large one costs little, except that V8 collects garbage more often when it is told of so much.
 */
export const LARGE_PIECE = 40 << 20;
