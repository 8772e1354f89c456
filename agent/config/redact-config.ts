/** `redact` in the configuration: what is taken out of every event before it leaves the host. */
import { z } from 'zod';
import { DEFAULT_REPLACEMENT, presetRule, REDACT_PRESETS } from '../redaction/redact-presets.js';
import { type RedactRule, replacementProblem } from '../redaction/redaction.js';
import { patternText } from './pattern-config.js';

/** Of one list. */
const RULES_MAX = 64;
const REPLACEMENT_CHARACTERS_MAX = 200;

/** Of a preset, whose pattern is nobody's business: not even what it matched may be said again. */
const NO_GROUPS = -1;

const preset = z.enum(REDACT_PRESETS);

const redactRule = z
  .strictObject({
    preset: preset.optional().describe('A rule by name, in place of a pattern.'),
    pattern: patternText.optional().describe('RE2: what matches is replaced.'),
    replace: z
      .string()
      .max(REPLACEMENT_CHARACTERS_MAX)
      .optional()
      .describe(
        'Text in its place; $1 to $9 are groups of the pattern, $$ a dollar sign. Default: [redacted]',
      ),
  })
  .transform((rule, context): RedactRule => {
    const problem = ruleProblem(rule);
    if (problem !== undefined) context.addIssue({ code: 'custom', ...problem });
    if (rule.preset !== undefined) return presetRule(rule.preset, rule.replace);
    if (rule.pattern === undefined) return z.NEVER;
    return { pattern: rule.pattern, replacement: rule.replace ?? DEFAULT_REPLACEMENT };
  });

export const redact = z
  .array(
    z.union([preset.transform((name) => presetRule(name)), redactRule], {
      error: `must be ${REDACT_PRESETS.join(', ')}, or an object with a pattern`,
    }),
  )
  .max(RULES_MAX, `must be at most ${RULES_MAX} rules`)
  .default([])
  .describe('What is taken out of every event before it leaves the host: names of presets, or patterns.');

interface Problem {
  readonly path: string[];
  readonly message: string;
}

function ruleProblem({ preset: name, pattern, replace }: ParsedRule): Problem | undefined {
  if ((name === undefined) === (pattern === undefined))
    return { path: [], message: 'must have a preset or a pattern, and not both' };
  if (pattern?.test('')) return { path: ['pattern'], message: 'must not match an empty text' };
  const problem = replacementProblem(replace ?? '', pattern?.groups ?? NO_GROUPS);
  return problem === undefined ? undefined : { path: ['replace'], message: problem };
}

interface ParsedRule {
  readonly preset?: string | undefined;
  readonly pattern?: RedactRule['pattern'] | undefined;
  readonly replace?: string | undefined;
}
