/**
 * Redaction rules by name, for what is commonly written into logs and should not be. Each prefers to miss what
 * is unusual over replacing what is no secret; where a form has a checksum it is checked.
 */
import { Pattern } from '../../shared/pattern.js';
import type { RedactRule } from './redaction.js';

export const REDACT_PRESETS = [
  'email',
  'credit_card',
  'bearer_token',
  'jwt',
  'aws_access_key',
  'url_password',
  'ipv4',
] as const;

export type RedactPreset = (typeof REDACT_PRESETS)[number];

export const DEFAULT_REPLACEMENT = '[redacted]';

export function presetRule(preset: RedactPreset, replacement?: string): RedactRule {
  const { source, before = '', after = '', isMeant } = FORMS[preset];
  return {
    pattern: Pattern.compile(source),
    replacement: `${before}${replacement ?? DEFAULT_REPLACEMENT}${after}`,
    ...(isMeant !== undefined && { isMeant }),
  };
}

interface Form {
  readonly source: string;
  /** What of a match stays. */
  readonly before?: string;
  readonly after?: string;
  readonly isMeant?: (text: string) => boolean;
}

const OCTET = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';

const FORMS: Readonly<Record<RedactPreset, Form>> = {
  email: { source: String.raw`[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}\b` },
  /** Visa, Mastercard, Discover, JCB and UnionPay in fours, American Express as 4-6-5, Diners Club as 4-6-4. */
  credit_card: {
    source: String.raw`\b(?:(?:4[0-9]{3}|5[1-5][0-9]{2}|2[2-7][0-9]{2}|6[0245][0-9]{2}|35[0-9]{2})(?:[ -]?[0-9]{4}){3}|3[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5}|3[068][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{4})\b`,
    isMeant: hasLuhnDigit,
  },
  bearer_token: { source: String.raw`((?i:\bbearer)\s+)[A-Za-z0-9._~+/=-]{8,}`, before: '$1' },
  jwt: { source: String.raw`\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*` },
  aws_access_key: { source: String.raw`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b` },
  /** Up to the last `@` before the path: in a password it should be encoded, and often is not. */
  url_password: {
    source: String.raw`(\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s/:@]*:)(?:[^\s/?#]+|[^\s/@]+)(@)`,
    ...{ before: '$1', after: '$2' },
  },
  ipv4: { source: String.raw`\b(?:${OCTET}\.){3}${OCTET}\b` },
};

/** The last digit of a card's number is a checksum of the others. */
function hasLuhnDigit(text: string): boolean {
  const digits = text.replace(/[^0-9]/g, '');
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
