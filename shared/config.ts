/**
 * Configuration files: YAML, checked by one strict schema per program. All problems are reported together,
 * each with its key and the rule it breaks. Values are never printed: they may be secrets.
 */
import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { ConfigError, messageOf } from './errors.js';

const BYTE_UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
};
const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A size such as `64KiB`, `1 GB` or a plain number of bytes; the parsed value is in bytes. */
export const byteSize = unitSchema(BYTE_UNITS, 'must be a size such as 64KiB, 10MB or 1GiB');

/** A duration such as `250ms`, `30s`, `15m`, `12h` or `7d`; the parsed value is in milliseconds. */
export const duration = unitSchema(DURATION_UNITS, 'must be a duration such as 250ms, 30s, 15m, 12h or 7d');

/** Reads and checks a YAML file. Throws a `ConfigError` that lists every problem. */
export function loadConfig<T>(path: string, schema: z.ZodType<T>): T {
  return checkConfig(readYaml(path), schema, path);
}

/** Checks values that were read already; `origin` names them in the error. */
export function checkConfig<T>(value: unknown, schema: z.ZodType<T>, origin: string): T {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap(issueLines);
  throw new ConfigError(
    `${origin}: ${problems.length === 1 ? '' : 'several problems:\n  - '}${problems.join('\n  - ')}`,
  );
}

/** The values of a YAML file, unchecked. Throws a `ConfigError` where it cannot be read or is no YAML. */
export function readYaml(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError(`${path}: cannot be read: ${messageOf(error)}`, { cause: error });
  }
  const lineCounter = new LineCounter();
  // Pretty errors quote the file, and the file may hold secrets.
  const document = parseDocument(text, { prettyErrors: false, lineCounter });
  const [problem] = document.errors;
  if (problem !== undefined) {
    const { line } = lineCounter.linePos(problem.pos[0]);
    throw new ConfigError(`${path}: is not YAML, line ${line}: ${problem.message}`, { cause: problem });
  }
  return document.toJS();
}

/** What is wrong, as `key: rule`; an issue with several unknown keys gives a line for each. */
export function issueLines(issue: z.core.$ZodIssue): string[] {
  const where = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${where === '' ? key : `${where}.${key}`}: is not a known key`);
  }
  return [`${where === '' ? 'the file' : where}: ${issue.message}`];
}

function unitSchema(units: Readonly<Record<string, number>>, message: string) {
  return z.union([z.number(), z.string()], message).transform((value, context) => {
    const parsed = typeof value === 'number' ? value : parseUnit(value, units);
    if (parsed !== undefined && Number.isSafeInteger(parsed) && parsed > 0) return parsed;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}

function parseUnit(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text.trim());
  if (match === null) return undefined;
  const [, digits, unit] = match as unknown as [string, string, string];
  const factor = unit === '' ? 1 : units[unit.toLowerCase()];
  return factor === undefined ? undefined : Number(digits) * factor;
}
