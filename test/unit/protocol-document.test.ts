/** PROTOCOL.md and shared/protocol say the same: messages, fields, codes, limits, and examples that parse. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import {
  BEARER_SUBPROTOCOL_PREFIX,
  CLOSE_CODES,
  clientMessage,
  ERROR_CODES,
  GAP_REASONS,
  hubMessage,
  POLICIES,
  SUBPROTOCOL,
  UNSUBSCRIBED_REASONS,
  WEBSOCKET_PATH,
} from '../../shared/protocol/index.js';
import * as limits from '../../shared/protocol/limits.js';

const DOCUMENT = readFileSync(new URL('../../PROTOCOL.md', import.meta.url), 'utf8');

const SIDES = {
  client: { schema: clientMessage, section: section('## Messages of the client') },
  hub: { schema: hubMessage, section: section('## Messages of the hub') },
} as const;

type Side = keyof typeof SIDES;

describe.each(Object.keys(SIDES) as Side[])('messages of the %s', (side) => {
  const { schema, section: text } = SIDES[side];
  const described = new Map(subsections(text).map((part) => [headingOf(part), part]));
  const defined = new Map(schema.options.map((option) => [option.shape.type.value as string, option.shape]));

  test('are all described, and no others', () => {
    expect([...described.keys()].sort()).toEqual([...defined.keys()].sort());
  });

  test.each([...defined.keys()])('%s is described with all of its fields, and no others', (type) => {
    const { type: _type, ...fields } = defined.get(type) ?? {};
    const rows = tableRows(described.get(type) ?? '', 'field');
    expect(rows.map(([name]) => name)).toEqual(Object.keys(fields).sort(byOrderOf(rows)));
  });

  test.each([...defined.keys()])('%s says of each field whether it is optional', (type) => {
    const shape = (defined.get(type) ?? {}) as Record<string, z.ZodType>;
    for (const [name = '', kind = ''] of tableRows(described.get(type) ?? '', 'field')) {
      expect(kind.includes('optional'), `${type}.${name}`).toBe(shape[name]?.safeParse(undefined).success);
    }
  });
});

test('every close code is listed as the table in the code has it', () => {
  const expected = Object.values(CLOSE_CODES).map(({ code, name, retry, meaning }) => [
    `${code}`,
    name,
    retry ? 'yes' : 'no',
    meaning,
  ]);
  expect(tableRows(section('## Close codes'), 'code')).toEqual(expected);
});

test('every limit is listed with the value that it has in the code', () => {
  const listed = tableRows(section('## Limits'), 'limit').map(([name, value]) => [name, Number(value)]);
  // How large the reads of a source are is no matter of the wire.
  const { BATCH_RAW_BYTES_MAX: _internal, ...ofTheWire } = limits;
  expect(new Map(listed as [string, number][])).toEqual(new Map(Object.entries(ofTheWire)));
});

test('every error code, gap reason, policy and reason to be unsubscribed is named', () => {
  const errors = tableRows(subsection('### `error`'), 'code').map(([code]) => code);
  expect(errors).toEqual(ERROR_CODES);
  expect(tableRows(section('## Continuity'), 'reason').map(([reason]) => reason)).toEqual(GAP_REASONS);
  for (const reason of UNSUBSCRIBED_REASONS)
    expect(subsection('### `unsubscribed`')).toContain(`\`${reason}\``);
  for (const policy of POLICIES) expect(subsection('### `subscribe`')).toContain(`\`"${policy}"\``);
});

test('path, subprotocol and bearer prefix are named as they are', () => {
  for (const text of [`GET ${WEBSOCKET_PATH}`, `\`${SUBPROTOCOL}\``, `\`${BEARER_SUBPROTOCOL_PREFIX}`]) {
    expect(DOCUMENT).toContain(text);
  }
});

test('limits that the text mentions exist', () => {
  for (const [, name = ''] of DOCUMENT.matchAll(/`([A-Z][A-Z_]+_(?:MAX|MS))`/g)) {
    expect(Object.keys(limits)).toContain(name);
  }
});

/** A section from its heading to the next one of the same level. */
function section(heading: string): string {
  const start = DOCUMENT.indexOf(`${heading}\n`);
  if (start === -1) throw new Error(`PROTOCOL.md has no "${heading}"`);
  const end = DOCUMENT.indexOf('\n## ', start + 1);
  return DOCUMENT.slice(start, end === -1 ? undefined : end);
}

function subsections(text: string): string[] {
  return text.split(/^(?=### )/m).slice(1);
}

function subsection(heading: string): string {
  const found = subsections(DOCUMENT).find((part) => part.startsWith(`${heading}\n`));
  if (found === undefined) throw new Error(`PROTOCOL.md has no "${heading}"`);
  return found;
}

function headingOf(text: string): string {
  return /^### `(\w+)`/.exec(text)?.[1] ?? '';
}

/** Rows of the table whose first column has this title, without backquotes. */
function tableRows(text: string, firstColumn: string): string[][] {
  const lines = text.split('\n');
  const head = lines.findIndex((line) => line.split('|')[1]?.trim() === firstColumn);
  if (head === -1) return [];
  const end = lines.findIndex((line, index) => index > head && !line.startsWith('|'));
  return lines.slice(head + 2, end === -1 ? undefined : end).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

/** The order of fields in the document is for the reader; only the set matters. */
function byOrderOf(rows: readonly string[][]): (a: string, b: string) => number {
  const order = rows.map(([name]) => name);
  return (a, b) => order.indexOf(a) - order.indexOf(b);
}
