/** A configuration by itself, without flags and environment settings over it: read, checked, and refused in words. */
import type { z } from 'zod';
import { asLine, besides, issueLines, listed, readConfig } from '../../shared/config.js';
import { ruleInWords } from '../../shared/config-rules.js';
import type { Environment, VariableProblem } from '../../shared/config-variables.js';
import { ConfigError } from '../../shared/errors.js';

/** Reads and checks a YAML file. Throws a `ConfigError` that lists every problem. */
export function loadConfig<T>(path: string, schema: z.ZodType<T>, env: Environment = {}): T {
  const { values, problems } = readConfig(path, schema, env);
  return checkConfig(values, schema, path, problems);
}

/** Checks values that were read already; `origin` names them in the error. */
export function checkConfig<T>(
  value: unknown,
  schema: z.ZodType<T>,
  origin: string,
  unfilled: readonly VariableProblem[] = [],
): T {
  const result = schema.safeParse(value ?? {}, { error: ruleInWords });
  if (result.success && unfilled.length === 0) return result.data;
  const issues = besides(unfilled, result.error?.issues ?? []);
  const problems = [...unfilled.map(asLine), ...issues.flatMap((issue) => issueLines(issue, schema))];
  throw new ConfigError(`${origin}: ${listed(problems)}`);
}
