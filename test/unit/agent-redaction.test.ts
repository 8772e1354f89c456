import { describe, expect, test } from 'vitest';
import { encodeEvents } from '../../agent/lines/event-encoder.js';
import { encodeLines, workspaceBytes } from '../../agent/lines/line-encoder.js';
import type { LineFormat } from '../../agent/lines/line-format.js';
import { UTF_8 } from '../../agent/lines/text-encoding.js';
import { presetRule, REDACT_PRESETS, type RedactPreset } from '../../agent/redaction/redact-presets.js';
import { REDACT_BEYOND_BYTES, Redaction, type RedactRule } from '../../agent/redaction/redaction.js';
import { Pattern } from '../../shared/pattern.js';
import { BATCH_JSON_BYTES_MAX, BATCH_RAW_BYTES_MAX, LINE_BYTES_MAX } from '../../shared/protocol/limits.js';

function rule(source: string, replacement = '[redacted]'): RedactRule {
  return { pattern: Pattern.compile(source), replacement };
}

function redacted(text: string, ...rules: RedactRule[]): string {
  return new Redaction(rules).apply(text).text;
}

function encoded(bytes: Buffer | string, rules: readonly RedactRule[], lineBytesMax = LINE_BYTES_MAX) {
  const format: LineFormat = { encoding: UTF_8, lineBytesMax, redaction: new Redaction(rules) };
  const { json, ...rest } = encodeEvents({ bytes: Buffer.from(bytes), encoding: UTF_8 }, format);
  return { texts: JSON.parse(`${json}`) as string[], jsonBytes: json.length, ...rest };
}

const EXAMPLES: Readonly<Record<RedactPreset, { readonly secret: string[]; readonly harmless: string[] }>> = {
  email: {
    secret: ['to=<jo.doe+news@mail.example.co.uk>', 'user a_b@example.com logged in'],
    harmless: ['root@localhost', 'a @ b.com', 'v1@2', '@handle on example.com'],
  },
  credit_card: {
    secret: [
      'card 4111 1111 1111 1111 declined',
      'pan=5555555555554444',
      'amex 3782-822463-10005',
      'diners 30569309025904',
      '4000 4111 1111 1111 1111',
    ],
    harmless: ['order 4111111111111112', 'id 12345678901234567890', 'ts 1763888000123', 'x4111111111111111'],
  },
  bearer_token: {
    secret: ['Authorization: Bearer abc.DEF-123_x~y+z/w==', 'authorization: bearer 0123456789abcdef'],
    harmless: ['bearer of news', 'Bearer: none', 'forbearer 0123456789'],
  },
  jwt: {
    secret: [
      'token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U',
    ],
    harmless: ['eyJ.eyJ.x', 'monkeyJabcdefgh.eyJabcdefgh.x'],
  },
  aws_access_key: {
    secret: ['key AKIAIOSFODNN7EXAMPLE', 'ASIAIOSFODNN7EXAMPLE,'],
    harmless: ['AKIAIOSFODNN7EXAMPL', 'XAKIAIOSFODNN7EXAMPLE', 'AKIAIOSFODNN7EXAMPLES'],
  },
  url_password: {
    secret: [
      'redis://agent:s3cr3t!@redis.internal:6379',
      'postgres+tls://u:p4ss@h/db',
      'amqp://:hunter22@mq',
    ],
    harmless: ['http://host:8080/path', 'https://user@host/', 'see http://h/a:b and mail c@d.ee'],
  },
  ipv4: {
    secret: ['from 10.1.2.3 port 22', '255.255.255.255'],
    harmless: ['version 1.2.3', '1.2.3.256', '999.1.1.1'],
  },
};

describe.each(REDACT_PRESETS)('preset %s', (preset) => {
  const { secret, harmless } = EXAMPLES[preset];

  test('takes the secret out and leaves the rest', () => {
    for (const text of secret) {
      const result = redacted(text, presetRule(preset));
      expect(result).toContain('[redacted]');
      expect(redacted(result, presetRule(preset)), text).toBe(result);
    }
  });

  test('leaves what only looks alike', () => {
    for (const text of harmless) expect(redacted(text, presetRule(preset))).toBe(text);
  });
});

test('what stands before a token or password stays', () => {
  expect(redacted('Authorization: Bearer abcdefgh12', presetRule('bearer_token'))).toBe(
    'Authorization: Bearer [redacted]',
  );
  expect(redacted('redis://agent:s3cr3t@host', presetRule('url_password', '***'))).toBe(
    'redis://agent:***@host',
  );
  expect(redacted('amqp://u:p@ss@mq/v postgres://u:p?ss@db', presetRule('url_password', '***'))).toBe(
    'amqp://u:***@mq/v postgres://u:***@db',
  );
});

test('rules run one after the other, groups and dollar signs stand in for themselves', () => {
  const rules = [rule('password=(\\S+)', '$$1 pass=[$1]'), rule('\\[.*\\]', '-')];
  expect(redacted('a password=x b', ...rules)).toBe('a $1 pass=- b');
});

test('every match is replaced and counted, a match of nothing is not one', () => {
  const { text, replacements } = new Redaction([rule('x*')]).apply('axxbxäx');
  expect(text).toBe('a[redacted]b[redacted]ä[redacted]');
  expect(replacements).toBe(3);
});

test('lines in which nothing matches come as they would without rules', () => {
  const bytes = Buffer.from('one\r\n\n\ttwo "quoted" \\ ä€😀\u0001\u2028\nthree\n');
  const plain = encodeLines(bytes, UTF_8, LINE_BYTES_MAX, Buffer.alloc(workspaceBytes(bytes.length)));
  expect(encoded(bytes, [rule('secret')]).texts).toEqual(JSON.parse(`${plain.json}`));
});

test('a line with invalid bytes is redacted like any other', () => {
  const bytes = Buffer.concat([Buffer.from([0xff]), Buffer.from('password=x'), Buffer.from([0xfe, 0x0a])]);
  const { texts, redactions } = encoded(bytes, [rule('password=\\w+')]);
  expect(texts).toEqual(['\ufffd[redacted]\ufffd']);
  expect(redactions).toBe(1);
});

const KEY = 'AKIAIOSFODNN7EXAMPLE';

test('a secret that the limit of a line cuts in two leaves no half of it', () => {
  for (let visible = 0; visible <= KEY.length + 1; visible++) {
    const line = `${'a'.repeat(99 - visible)} ${KEY} ${'b'.repeat(100)}`;
    const { texts, cut } = encoded(`${line}\n`, [presetRule('aws_access_key')], 100);
    expect(texts[0], `${visible}`).not.toMatch(/AKI|AKIA|EXAM/);
    expect(Buffer.byteLength(texts[0] ?? '')).toBeLessThanOrEqual(100);
    expect(cut).toEqual([0]);
  }
});

test('control: who cuts first and redacts then leaves it', () => {
  const line = `${'a'.repeat(89)} ${KEY} b`;
  expect(redacted(line.slice(0, 100), presetRule('aws_access_key'))).toContain('AKIAIOSFOD');
});

test('nothing from behind the limit moves up where a replacement is shorter', () => {
  const line = `${'x'.repeat(50)}${'a'.repeat(50)}SECRET-OF-ANOTHER-RULE`;
  const { texts } = encoded(`${line}\n`, [rule('x+', '-')], 100);
  expect(texts).toEqual([`-${'a'.repeat(50)}`]);
});

test('a secret is recognised across the limit in a line of which no more than needed was read', () => {
  const start = 'a'.repeat(LINE_BYTES_MAX - 10);
  const read = `${start} ${KEY} ${'b'.repeat(REDACT_BEYOND_BYTES)}`.slice(
    0,
    LINE_BYTES_MAX + REDACT_BEYOND_BYTES,
  );
  const { texts } = encoded(read, [presetRule('aws_access_key')]);
  expect(texts[0]?.slice(start.length)).toMatch(/^ \[reda/);
});

test('replacements that are longer than what they replace stay within what a batch may hold', () => {
  const worst = [rule('.', `$$${'\u0001'.repeat(199)}`)];
  const lines = encoded('x\n'.repeat(BATCH_RAW_BYTES_MAX / 2), worst);
  expect(lines.jsonBytes).toBeLessThanOrEqual(BATCH_JSON_BYTES_MAX);
  expect(lines.lines).toBe(BATCH_RAW_BYTES_MAX / 2);
  expect(lines.cut.length).toBeGreaterThan(0);
  const long = encoded(`${'x'.repeat(LINE_BYTES_MAX)}\n`, worst);
  expect(long.jsonBytes).toBeLessThanOrEqual(BATCH_JSON_BYTES_MAX);
  expect(long.cut).toEqual([0]);
});
