/** One row of `tailrace doctor`. */

export interface Finding {
  /** `skip`: nothing was given to check. Only `fail` makes the command fail. */
  readonly level: 'ok' | 'warn' | 'fail' | 'skip';
  readonly subject: string;
  /** What was found and, unless all is well, the next step. */
  readonly text: string;
}
