/** A pattern in the configuration: compiled where the file is read, so that a wrong one ends the agent at its start. */
import { z } from 'zod';
import { Pattern, PatternError } from '../../shared/pattern.js';

export const patternText = z
  .string()
  .min(1)
  .transform((source, context): Pattern => {
    try {
      return Pattern.compile(source);
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  });
