/** `npm run schemas` prints what the zod schemas say. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { clientMessage, hubMessage } from '../../shared/protocol/index.js';

interface Definition {
  readonly oneOf: readonly {
    readonly properties: Record<string, { readonly const?: string }>;
    readonly additionalProperties?: boolean;
  }[];
}

test('the printed JSON Schema has every message with every field, closed for clients and open for hubs', async () => {
  const script = fileURLToPath(new URL('../../scripts/print-schemas.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script]);
  const { $defs } = JSON.parse(stdout) as { $defs: Record<'clientMessage' | 'hubMessage', Definition> };
  expect(fieldsPrinted($defs.clientMessage)).toEqual(fieldsDefined(clientMessage.options));
  expect(fieldsPrinted($defs.hubMessage)).toEqual(fieldsDefined(hubMessage.options));
  expect($defs.clientMessage.oneOf.every((message) => message.additionalProperties === false)).toBe(true);
  expect($defs.hubMessage.oneOf.some((message) => message.additionalProperties === false)).toBe(false);
});

function fieldsPrinted({ oneOf }: Definition): Record<string, string[]> {
  return Object.fromEntries(
    oneOf.map(({ properties }) => [properties['type']?.const, Object.keys(properties)] as const),
  );
}

function fieldsDefined(
  options: readonly { readonly shape: { readonly type: { readonly value: string } } }[],
): Record<string, string[]> {
  return Object.fromEntries(options.map(({ shape }) => [shape.type.value, Object.keys(shape)] as const));
}
