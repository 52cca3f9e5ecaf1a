/*
 * A request that the explorer refuses, with the status of its answer. It never leaves the server.
 */

/** A refusal. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.code = code;
  }
}
