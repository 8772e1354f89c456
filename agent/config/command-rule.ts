/** What users write of a command whose output is a source: which one, and when it is started again. */
import { z } from 'zod';

export const RESTARTS = ['never', 'on-failure', 'always'] as const;

export interface CommandRule {
  /** The program and its arguments; no shell is involved. */
  readonly command: readonly string[];
  readonly restart: (typeof RESTARTS)[number];
}

export const exec = z
  .strictObject({
    command: z
      .array(z.string().min(1))
      .min(1, 'must name a program')
      .describe('The program and its arguments; no shell is involved.'),
    restart: z
      .enum(RESTARTS)
      .default('never')
      .describe('When the command is started again: never, on-failure or always.'),
  })
  .optional()
  .describe('Instead of `include`: a command whose standard output and standard error are read.');
