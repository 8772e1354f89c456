/**
 * Variables of the environment in the values of a configuration file: `${NAME}`, `${NAME:-default}`, and `$${`
 * for a plain `${`. Pure. They are filled in after the file was parsed, in texts only and never in keys, so
 * that no value can change what the file means. No value is ever part of a problem: it may be a secret.
 */
import { type JsonSchema, partOf } from './config-schema.js';

const MALFORMED = `a variable is written \${NAME} or \${NAME:-default} with no variable in the default, and a plain \${ as $\${`;

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Filled {
  readonly values: unknown;
  /** One for each variable that could not be filled in. */
  readonly problems: readonly VariableProblem[];
}

export interface VariableProblem {
  readonly key: string;
  readonly rule: string;
}

interface Place {
  readonly path: readonly string[];
  readonly inside: readonly object[];
}

/** A `$${`, or a `${` with all that belongs to it. */
const VARIABLE = /\$\$\{|\$\{([^}]*)(\}?)/g;

const NAME_AND_DEFAULT = /^([A-Za-z_][A-Za-z0-9_]*)(?::-((?:(?!\$\{).)*))?$/s;

/**
 * `schema` tells which keys want numbers or booleans: a variable holds text, and becomes what its key wants
 * where it can be that.
 */
export function fillVariables(values: unknown, env: Environment, schema: JsonSchema): Filled {
  const problems: VariableProblem[] = [];
  const fill = (value: unknown, part: JsonSchema | undefined, at: Place): unknown => {
    if (typeof value === 'string') {
      return value.includes('${') ? typed(filled(value, at.path.join('.'), env, problems), part) : value;
    }
    // An alias inside of what it stands for leads round for ever; the schema will refuse it.
    if (typeof value !== 'object' || value === null || at.inside.includes(value)) return value;
    const below = (key: string, inner: unknown) =>
      fill(inner, partOf(part, key), { path: [...at.path, key], inside: [...at.inside, value] });
    if (Array.isArray(value)) return value.map((entry, index) => below(`${index}`, entry));
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, below(key, inner)]));
  };
  return { values: fill(values, schema, { path: [], inside: [] }), problems };
}

/** Before the user or the password in a URL. */
const TO_LOGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/?#@]*$/i;

/** What ends the login of a URL or a part of it, what begins an escape, and what a parser of URLs leaves out. */
const NOT_ITSELF = /[%:/?#@\s\p{Cc}]/u;

const OF_LOGIN = `holds what a URL takes for something else: set it in a key of its own, such as redis.password`;

/** What cannot be filled in stays as it is written, so that the rest of the file is still checked. */
function filled(text: string, key: string, env: Environment, problems: VariableProblem[]): string {
  return text.replace(VARIABLE, (whole, inside: string | undefined, end: string | undefined, at: number) => {
    if (inside === undefined) return '${';
    const match = NAME_AND_DEFAULT.exec(inside);
    const [, name = '', fallback] = match ?? [];
    if (match === null || end === '') {
      problems.push({ key, rule: MALFORMED });
      return whole;
    }
    const value = env[name];
    const isLogin = TO_LOGIN.test(text.slice(0, at)) && text.includes('@', at + whole.length);
    if (isLogin && NOT_ITSELF.test(value ?? '')) {
      problems.push({ key, rule: `the variable ${name} ${OF_LOGIN}` });
      return whole;
    }
    if (value !== undefined && (value !== '' || fallback === undefined)) return value;
    if (fallback !== undefined) return fallback;
    problems.push({ key, rule: `the variable ${name} is not set; set it, or write \${${name}:-default}` });
    return whole;
  });
}

function typed(text: string, part: JsonSchema | undefined): unknown {
  const type = part?.type;
  if ((type === 'integer' || type === 'number') && /^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}
