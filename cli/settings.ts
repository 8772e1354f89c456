/**
 * The settings of a program, put together from flags over environment over file over defaults and checked
 * once, as a whole, by the program's schema. A problem is reported under the name that the user gave the
 * value by: a flag (then it is a usage error), a variable, or a key of the file.
 */
import type { z } from 'zod';
import { asLine, besides, issueLines, listed, readConfig } from '../shared/config.js';
import { ruleInWords } from '../shared/config-rules.js';
import type { Environment } from '../shared/config-variables.js';
import { ConfigError, UsageError } from '../shared/errors.js';

/** A setting that may come from elsewhere than the file. */
export interface Setting {
  /** Its place in the file: `redis.url`. */
  readonly key: string;
  readonly flag?: string;
  /** What the flag was given; undefined where it was not. */
  readonly value?: unknown;
  readonly env?: string;
  /** A key of the file that must go when this one is set by flag or environment, for it means the opposite. */
  readonly replaces?: string;
}

export interface SettingsOrigin {
  readonly file: string | undefined;
  readonly env: Environment;
  readonly settings: readonly Setting[];
}

/** Throws a `UsageError` where only flags are wrong, else a `ConfigError`; either lists every problem. */
export function resolveSettings<T>(schema: z.ZodType<T>, { file, env, settings }: SettingsOrigin): T {
  const read = file === undefined ? { values: {}, problems: [] } : readConfig(file, schema, env);
  const values = read.values ?? {};
  const given = isRecord(values) ? settings.flatMap((setting) => takeFrom(setting, env)) : [];
  const merged = given.reduce<unknown>(place, values);
  const result = schema.safeParse(merged, { error: ruleInWords });
  if (result.success && read.problems.length === 0) return result.data;
  const issues = besides(read.problems, result.error?.issues ?? []);
  const problems = [
    ...read.problems.map((problem) => ({ text: `${file}: ${asLine(problem)}`, isUsage: false })),
    ...issues.flatMap(
      (issue) =>
        asGiven(issue, given) ?? asMissing(issue, merged, settings, file) ?? asInFile(issue, schema, file),
    ),
  ];
  const text = listed(problems.map((problem) => problem.text));
  throw problems.every((problem) => problem.isUsage) ? new UsageError(text) : new ConfigError(text);
}

interface Given {
  readonly setting: Setting;
  readonly value: unknown;
  readonly name: string;
  readonly isFlag: boolean;
}

/** An empty variable counts as none: compose files and service units write those. */
function takeFrom(setting: Setting, env: SettingsOrigin['env']): Given[] {
  const { flag, value, env: variable } = setting;
  if (flag !== undefined && value !== undefined) return [{ setting, value, name: flag, isFlag: true }];
  const fromEnv = variable === undefined ? undefined : env[variable];
  if (variable === undefined || fromEnv === undefined || fromEnv === '') return [];
  return [{ setting, value: fromEnv, name: variable, isFlag: false }];
}

function place(values: unknown, { setting, value }: Given): unknown {
  const { [setting.replaces ?? '']: _replaced, ...kept } = values as Record<string, unknown>;
  return placeAt(kept, setting.key.split('.'), value);
}

function placeAt(values: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  if (Array.isArray(values)) {
    return values.map((entry, index) => (`${index}` === key ? placeAt(entry, rest, value) : entry));
  }
  const record = isRecord(values) ? values : {};
  return { ...record, [key]: placeAt(record[key], rest, value) };
}

interface Problem {
  readonly text: string;
  readonly isUsage: boolean;
}

function asGiven(issue: z.core.$ZodIssue, given: readonly Given[]): Problem[] | undefined {
  const key = keyOf(issue);
  // The last one placed is the more specific one.
  const culprit = given.findLast(({ setting }) => isWithin(key, setting.key));
  if (culprit === undefined) return undefined;
  return [{ text: `${culprit.name} ${issue.message}`, isUsage: culprit.isFlag }];
}

function asMissing(
  issue: z.core.$ZodIssue,
  merged: unknown,
  settings: readonly Setting[],
  file: string | undefined,
): Problem[] | undefined {
  const key = keyOf(issue);
  const setting = settings.find((candidate) => isWithin(candidate.key, key));
  if (key === '' || setting?.flag === undefined || valueAt(merged, issue.path) !== undefined)
    return undefined;
  const ways = [setting.env, `\`${setting.key}\` in the --config file`].filter((way) => way !== undefined);
  return [{ text: `${setting.flag} is missing (or ${ways.join(', or ')})`, isUsage: file === undefined }];
}

/** Whatever is left is in the file or, where there is none, about the flags as a whole. */
function asInFile(issue: z.core.$ZodIssue, schema: z.ZodType, file: string | undefined): Problem[] {
  if (file === undefined) return [{ text: `${issue.message} (--help lists the flags)`, isUsage: true }];
  return issueLines(issue, schema).map((line) => ({ text: `${file}: ${line}`, isUsage: false }));
}

function keyOf(issue: z.core.$ZodIssue): string {
  return issue.path.map(String).join('.');
}

function isWithin(key: string, parent: string): boolean {
  return `${key}.`.startsWith(`${parent}.`);
}

function valueAt(values: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (isRecord(value) ? value[String(key)] : undefined), values);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
