/*
 * What a command has of the process that it runs in, and how it ends.
 */

/** Exit codes, which the help lists. */
export const EXIT = { ok: 0, failed: 1, usage: 2, conflict: 3 } as const;

/** The streams and the environment of a command. */
export interface Streams {
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Resolves on SIGINT or SIGTERM. */
  readonly stopped: () => Promise<void>;
}

/** Something that a command cannot do, said in words for whoever typed it. */
export class CommandFailure extends Error {
  readonly code: string;
  readonly exitCode: number;

  constructor(code: string, message: string, exitCode: number = EXIT.failed) {
    super(message);
    this.name = 'CommandFailure';
    this.code = code;
    this.exitCode = exitCode;
  }
}
