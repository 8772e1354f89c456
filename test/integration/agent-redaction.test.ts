/** Secrets stay on the host: what leaves it is looked at in the store. */
import { appendFile, writeFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { type AgentStand, agentStand, HOST } from '../support/agent-stand.js';

const MIB = 2 ** 20;
const KEY = 'AKIAIOSFODNN7EXAMPLE';

function source(stand: AgentStand, rest: Record<string, unknown>) {
  return { sources: [{ include: [stand.path('app.log')], ...rest }] };
}

test('what a rule matches never leaves the host, other lines do as they are', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), `one\nkey ${KEY} and ${KEY}\nmail a@example.com\n\ttwo "x"\n`);
  const agent = await stand.start({
    ...source(stand, { redact: [{ pattern: 'mail (\\S)\\S+', replace: 'mail $1…' }] }),
    config: { redact: ['aws_access_key'] },
  });
  expect(await stand.linesOnce(4)).toEqual(['one', 'key [redacted] and [redacted]', 'mail a…', '\ttwo "x"']);
  expect(agent.stats().redactions).toBe(3);
});

test('control: without the rule it does', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), `key ${KEY}\n`);
  await stand.start();
  expect(await stand.linesOnce(1)).toEqual([`key ${KEY}`]);
});

test('a secret of several lines is taken out of its event', async () => {
  const stand = await agentStand();
  const key = '-----BEGIN PRIVATE KEY-----\nMIIEvQ\nIBADAN\n-----END PRIVATE KEY-----';
  await writeFile(stand.path('app.log'), `INFO a\nINFO loaded ${key}\nINFO b\n`);
  await stand.start(
    source(stand, {
      multiline: { start: '^[A-Z]+ ', max_wait: '1m' },
      redact: [{ pattern: '(?s)-----BEGIN.*?-----END[^-]*-----' }],
    }),
  );
  expect(await stand.linesOnce(2)).toEqual(['INFO a', 'INFO loaded [redacted]']);
});

test('a secret across the limit of a line of any length leaves no half, in a file as on standard input', async () => {
  const stand = await agentStand();
  const standardInput = new PassThrough();
  await stand.start({
    sources: [{ include: [stand.path('app.log')] }, { include: ['-'], channel: 'in' }],
    config: { redact: ['aws_access_key'] },
    standardInput,
  });
  const line = `${'a'.repeat(MIB - 10)} ${KEY} ${'b'.repeat(3 * MIB)}\n`;
  for (const piece of line.match(/.{1,500000}|\n/g) ?? []) {
    await appendFile(stand.path('app.log'), piece);
    standardInput.write(piece);
  }
  for (const channel of [`${HOST}/app.log`, 'in']) {
    const [text = ''] = await stand.linesOnce(1, channel);
    expect(text.slice(MIB - 10)).toMatch(/^ \[redacte?d?$/);
  }
});

test('a secret that comes in two halves, and with a restart between them, is one', async () => {
  const stand = await agentStand();
  const options = source(stand, { redact: ['aws_access_key'] });
  await writeFile(stand.path('app.log'), `first\nkey ${KEY.slice(0, 10)}`);
  const agent = await stand.start(options);
  await stand.linesOnce(1);
  await agent.stop();
  await stand.start(options);
  await appendFile(stand.path('app.log'), `${KEY.slice(10)}\n`);
  expect(await stand.linesOnce(2)).toEqual(['first', 'key [redacted]']);
});
