/**
 * The rules that a configuration may break, in words, where its schema does not say them itself. Pure. No value is
 * ever part of them: it may be a secret.
 */
import type { z } from 'zod';

type BrokenRule = z.core.$ZodRawIssue;

const KINDS: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'keys with their values',
  record: 'keys with their values',
  string: 'text',
};

const WHOLES = { string: 'characters', array: 'entries' } as const;

/** Undefined leaves the words to the schema language. */
export function ruleInWords(issue: BrokenRule): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return ofKind(issue);
    case 'invalid_value':
      return `must be ${inWords(issue.values.map(String))}`;
    case 'invalid_key':
      return issue.issues[0]?.message;
    case 'too_small':
      return issue.minimum === 1 && issue.origin !== 'number'
        ? 'must not be empty'
        : `must ${amount('at least', issue.minimum, issue.origin)}`;
    case 'too_big':
      return `must ${amount('at most', issue.maximum, issue.origin)}`;
    default:
      return undefined;
  }
}

function ofKind({ expected, input }: Extract<BrokenRule, { code: 'invalid_type' }>): string | undefined {
  const kind = KINDS[expected];
  if (kind === undefined) return undefined;
  if (input === undefined) return 'is missing';
  if (input === null) return `has no value, and must be ${kind}`;
  const isBare = expected === 'string' && /^(?:number|boolean)$/.test(typeof input);
  return isBare ? 'must be text: put it in quotes' : `must be ${kind}`;
}

function amount(bound: string, count: number | bigint, origin: string): string {
  const whole = origin === 'string' || origin === 'array' ? WHOLES[origin] : undefined;
  return whole === undefined ? `be ${bound} ${count}` : `have ${bound} ${count} ${whole}`;
}

function inWords(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
