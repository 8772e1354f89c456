/**
 * Configuration files: YAML, checked by one strict schema per program. All problems are reported together,
 * each with its key and the rule it breaks. Values are never printed: they may be secrets.
 */
import { readFileSync } from 'node:fs';
import { type Alias, type Document, LineCounter, parseDocument, visit, type YAMLParseError } from 'yaml';
import { z } from 'zod';
import { inputSchema, keysAt } from './config-schema.js';
import { type Environment, type Filled, fillVariables, type VariableProblem } from './config-variables.js';
import { ConfigError, messageOf } from './errors.js';
import { nearestWord } from './near-miss.js';

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

const SIZE = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*$/;
const SIZE_RULE = 'must be a size such as 64KiB, 10MB or 1GiB';

/** Without the flag for either case, so that it stands in JSON Schema too. */
const DURATION = /^\s*(\d+(?:\.\d+)?)\s*([mM][sS]|[sSmMhHdD])\s*$/;
const DURATION_RULE = 'must be a duration such as 250ms, 30s, 15m, 12h or 7d';
const NO_UNIT = 'has no unit: write d, h, m, s or ms behind the number, such as 7d, 12h, 15m, 30s or 250ms';

/** A size such as `64KiB`, `1 GB` or a plain number of bytes; the parsed value is in bytes. */
export const byteSize = z
  .union([z.number(), z.string().regex(SIZE, SIZE_RULE)], SIZE_RULE)
  .transform((value, context) => {
    const bytes = typeof value === 'number' ? value : parseUnit(value, SIZE, BYTE_UNITS);
    return wholeAmount(bytes, SIZE_RULE, context);
  });

/**
 * A duration such as `250ms`, `30s`, `15m`, `12h` or `7d`; the parsed value is in milliseconds. Never a number
 * alone: who writes 7 means days, and milliseconds would throw away nearly all that is kept for so long.
 */
export const duration = z
  .string({ error: durationProblem })
  .regex(DURATION, { error: durationProblem })
  .transform((text, context) => {
    return wholeAmount(parseUnit(text, DURATION, DURATION_UNITS), DURATION_RULE, context);
  });

/** One problem as it is, several below each other. */
export function listed(problems: readonly string[]): string {
  return problems.length === 1 ? (problems[0] as string) : ['several problems:', ...problems].join('\n  - ');
}

/** What is wrong besides variables: a key that has no value yet breaks rules that its value may not. */
export function besides(
  unfilled: readonly VariableProblem[],
  issues: readonly z.core.$ZodIssue[],
): z.core.$ZodIssue[] {
  return issues.filter(({ path }) => !unfilled.some(({ key }) => key === path.map(String).join('.')));
}

export function asLine({ key, rule }: VariableProblem): string {
  return `${key}: ${rule}`;
}

/** The values of a YAML file with their variables filled in. Throws like `readYaml`. */
export function readConfig(path: string, schema: z.ZodType, env: Environment): Filled {
  return fillVariables(readYaml(path), env, inputSchema(schema));
}

/** The values of a YAML file, unchecked. Throws a `ConfigError` where it cannot be read or is no YAML. */
function readYaml(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError(`${path}: cannot be read: ${messageOf(error)}`, { cause: error });
  }
  const lineCounter = new LineCounter();
  // Pretty errors quote the file, and the file may hold secrets.
  const document = parseDocument(text, { prettyErrors: false, lineCounter });
  const problems = yamlProblems(document).map(({ offset, rule }) => {
    const { line, col } = lineCounter.linePos(offset);
    return `${path}: is not YAML, line ${line}, column ${col}: ${rule}`;
  });
  if (problems.length > 0) throw new ConfigError(listed(problems));
  try {
    return document.toJS();
  } catch (error) {
    // A few aliases that stand for millions of values.
    throw new ConfigError(`${path}: is not YAML: ${messageOf(error)}`, { cause: error });
  }
}

interface YamlProblem {
  readonly offset: number;
  /** What stands at the place is left out of it. */
  readonly rule: string;
}

/** All aliases without their anchor, but of what the parser stumbled on the first: others follow from it. */
function yamlProblems(document: Document.Parsed): YamlProblem[] {
  const errors = document.errors
    .slice(0, 1)
    .map((error) => ({ offset: error.pos[0], rule: yamlRule(error) }));
  const names = unanchored(document).map(({ range }) => ({ offset: range?.[0] ?? 0, rule: ALIAS_RULE }));
  return [...names, ...errors].sort((a, b) => a.offset - b.offset);
}

const ALIAS_RULE = 'what begins with * must be in quotes, such as "*.log"';

function yamlRule({ code, message }: YAMLParseError): string {
  if (code === 'MULTIPLE_DOCS') return 'another document begins here, and one is all that is read';
  if (code === 'BAD_ALIAS') return ALIAS_RULE;
  return code === 'UNEXPECTED_TOKEN' ? message.replace(/:.*$/s, '') : message;
}

/** Names that begin with `*`, as `*.log` does without quotes, and stand for nothing. */
function unanchored(document: Document.Parsed): Alias[] {
  const found: Alias[] = [];
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.source !== '' && alias.resolve(document) === undefined) found.push(alias);
    },
  });
  return found;
}

/** What is wrong, as `key: rule`; an issue with several unknown keys gives a line for each. */
export function issueLines(issue: z.core.$ZodIssue, schema: z.ZodType): string[] {
  const where = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(inputSchema(schema), issue.path);
    return issue.keys.map((key) => {
      const meant = nearestWord(key, known);
      const question = meant === undefined ? '' : `; did you mean ${meant}?`;
      return `${where === '' ? key : `${where}.${key}`}: is not a known key${question}`;
    });
  }
  const meant = issue.code === 'invalid_union' ? issue.errors.find(isOfItsKind) : undefined;
  if (meant === undefined) return [`${where === '' ? 'the file' : where}: ${issue.message}`];
  return meant.flatMap((inner) => issueLines({ ...inner, path: [...issue.path, ...inner.path] }, schema));
}

/** Whether the value is of the kind that an alternative wants, so that what is wrong inside it says more. */
function isOfItsKind(issues: readonly z.core.$ZodIssue[]): boolean {
  return issues.every(({ path, code }) => path.length > 0 || !/^invalid_(?:type|value)$/.test(code));
}

function durationProblem({ input }: z.core.$ZodRawIssue): string {
  return /^\s*\d+(?:\.\d+)?\s*$/.test(String(input)) ? NO_UNIT : DURATION_RULE;
}

function wholeAmount(
  amount: number | undefined,
  rule: string,
  context: z.core.$RefinementCtx<string | number>,
): number {
  if (amount !== undefined && Number.isSafeInteger(amount) && amount > 0) return amount;
  context.addIssue({ code: 'custom', message: rule });
  return z.NEVER;
}

function parseUnit(text: string, form: RegExp, units: Readonly<Record<string, number>>): number | undefined {
  const match = form.exec(text);
  if (match === null) return undefined;
  const [, digits, unit] = match as unknown as [string, string, string];
  const factor = unit === '' ? 1 : units[unit.toLowerCase()];
  return factor === undefined ? undefined : Number(digits) * factor;
}
