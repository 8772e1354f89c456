import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { connect } from '../../client/browser.js';
import { openLoopbackPage } from '../support/fault-page.js';
import { requirePrograms } from '../support/fault-programs.js';
import { startStack } from '../support/fault-stack.js';
import { NumberedWriter, numberedLines } from '../support/numbered-writer.js';

const LINES = 20_000;

/** In the browser; it sees nothing of this module. Comes back once with a new connection, from its cursor. */
async function readLines({ url, token, count }: { url: string; token: string; count: number }) {
  const { tailrace } = globalThis as unknown as { readonly tailrace: { readonly connect: typeof connect } };
  const lines: string[] = [];
  let cursor: string | undefined;
  for (const goal of [1, count]) {
    const client = tailrace.connect({ url, token });
    const from = cursor === undefined ? ('start' as const) : { cursor };
    for await (const event of client.subscribe('app', { from })) {
      if (event.type === 'gap') throw new Error(JSON.stringify(event));
      if (event.type !== 'lines') continue;
      for (const line of event.lines) lines.push(line);
      cursor = event.cursor;
      if (lines.length >= goal) break;
    }
    client.close();
  }
  return lines;
}

test('the built SDK runs in Chromium as it is and resumes by cursor', async (context) => {
  const { chromium } = requirePrograms(context, ['chromium']);
  await using stack = await startStack();
  await using loopback = await openLoopbackPage(chromium);
  const file = join(stack.directory, 'app.log');
  using writer = new NumberedWriter({ file, keep: 1 });
  await stack.startAgent({ tenant: 'acme', sources: [{ include: [file], channel: 'app' }] });
  const hub = await stack.startHub({ allowed_origins: [loopback.origin] });
  const token = await stack.token('acme', 'app');
  writer.write(LINES);
  const lines = await loopback.page.evaluate(readLines, { url: hub.url, token, count: LINES });
  expect(lines).toEqual(numberedLines(LINES));
}, 120_000);
