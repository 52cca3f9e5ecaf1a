/** Fails a check. The negative controls run the same checks on broken libraries, where this must throw. */
export function checkThat(condition: boolean, what: string): asserts condition {
  if (!condition) throw new CheckFailed(what);
}

/** A check found what it looks for, as opposed to an accident on the way. */
export class CheckFailed extends Error {
  constructor(what: string) {
    super(`Not so: ${what}.`);
    this.name = 'CheckFailed';
  }
}
