/** Lines that the store does not take: each is set aside with a notice, and nothing else is lost or held up. */
import { randomBytes } from 'node:crypto';
import { appendFile, rename, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { type AgentStand, agentStand, asText, numbered } from '../support/agent-stand.js';
import { type RedisStand, redisStand } from '../support/redis-agent-stand.js';
import { RefusingWriter, UndiscerningWriter } from '../support/refusing-writer.js';
import { waitFor } from '../support/wait.js';

const TRIAL = { timings: { trialMs: 5 } };
const LINE_BYTES = 1024 * 1024;

/** Redis can be told to take no argument over 1 MiB; control characters compress to more than they were. */
const LIMITS = ['--proto-max-bulk-len', '--client-query-buffer-limit'];

function incompressible(): Buffer {
  const controls = [1, 2, 3, 4, 5, 6, 7, 11, 14, 15, 16, 17, 18, 19, 20, 21];
  return Buffer.from(randomBytes(LINE_BYTES).map((byte) => controls[byte % controls.length] as number));
}

const ASIDE = (bytes: number) =>
  `[tailrace: the store refused this line of ${bytes + 1} bytes; it was set aside]`;

async function writePoisoned({ stand }: RedisStand): Promise<void> {
  const whole = [asText(numbered(1, 5_000)), incompressible(), '\n', asText(numbered(5_001, 10_000))];
  await writeFile(stand.path('app.log'), Buffer.concat(whole.map((part) => Buffer.from(part))));
}

test.each(LIMITS)('a line over the %s of Redis is set aside, and the file goes on', async (limit) => {
  const redis = await redisStand({ settings: [limit, '1mb'] });
  const { stand } = redis;
  await writePoisoned(redis);
  const agent = await stand.start(TRIAL);
  const lines = [...numbered(1, 5_000), ASIDE(LINE_BYTES), ...numbered(5_001, 10_000)];
  expect(await stand.linesOnce(10_001)).toEqual(lines);
  expect(agent.stats().setAsideLines).toBe(1);
  const { fields } = await stand.noticeOnce(/app\.log: the line of 1048577 bytes at byte \d+ was set aside/);
  const from = asText(numbered(1, 5_000)).length;
  expect(fields).toMatchObject({ path: stand.path('app.log'), from, to: from + LINE_BYTES + 1 });
  expect(stand.notices.filter(({ message }) => /until the store is back/.test(message))).toEqual([]);
});

test('without telling lines from outages, one line of that kind holds its file up for ever', async () => {
  const redis = await redisStand({ settings: ['--proto-max-bulk-len', '1mb'] });
  const { stand } = redis;
  await writePoisoned(redis);
  const agent = await stand.start({ ...TRIAL, writer: new UndiscerningWriter(stand.writer) });
  await waitFor('more tries than a line gets', () => agent.stats().recoveries > 30);
  expect(await stand.lines()).toEqual(numbered(1, 5_000));
  expect(agent.stats().setAsideLines).toBe(0);
});

test('other files go on while a line is tried, also those on the connection that it ends', async () => {
  const redis = await redisStand({ settings: ['--proto-max-bulk-len', '1mb'] });
  const { stand } = redis;
  await writePoisoned(redis);
  await writeFile(stand.path('other.log'), '');
  const agent = await stand.start(TRIAL);
  let written = 0;
  while (agent.stats().setAsideLines === 0) {
    await appendFile(stand.path('other.log'), asText(numbered(written + 1, written + 2_000)));
    written += 2_000;
    await stand.linesOnce(written, 'web/other.log');
  }
  expect(await stand.lines('web/other.log')).toEqual(numbered(1, written));
  expect(await stand.linesOnce(10_001)).toHaveLength(10_001);
  expect(agent.stats().setAsideLines).toBe(1);
});

/** Lines of one batch, of which the store refuses some by what they say. */
const MIXED = numbered(1, 3_000).map((line, index) =>
  [7, 1_500, 1_501, 2_999].includes(index) ? `${line} bad` : line,
);
const isBad = (json: string) => json.includes('bad');

async function refusing(
  isRefusing: (json: string) => boolean,
): Promise<{ stand: AgentStand; writer: RefusingWriter }> {
  const stand = await agentStand();
  return { stand, writer: new RefusingWriter(stand.writer, isRefusing) };
}

test('of a batch only the lines that are refused are set aside', async () => {
  const { stand, writer } = await refusing(isBad);
  await writeFile(stand.path('app.log'), asText(MIXED));
  const agent = await stand.start({ ...TRIAL, writer });
  const expected = MIXED.map((line) => (isBad(line) ? ASIDE(line.length) : line));
  expect(await stand.linesOnce(MIXED.length)).toEqual(expected);
  expect(agent.stats().setAsideLines).toBe(4);
  expect(writer.refused).toBeLessThan(4 * 30);
});

test('where the placeholder is refused as well it was not the line: nothing is set aside', async () => {
  const { stand, writer } = await refusing((json) => json !== '');
  await writeFile(stand.path('app.log'), asText(MIXED));
  const agent = await stand.start({ ...TRIAL, writer });
  await waitFor('placeholders to be refused', () => writer.placeholders >= 3);
  writer.isRefusing = () => false;
  expect(await stand.linesOnce(MIXED.length)).toEqual(MIXED);
  expect(agent.stats().setAsideLines).toBe(0);
});

test('the unfinished last line of a file that was rotated is set aside like any other', async () => {
  const { stand, writer } = await refusing(isBad);
  await writeFile(stand.path('app.log'), `one\nbad`);
  await stand.start({ ...TRIAL, writer });
  await stand.linesOnce(1);
  await rename(stand.path('app.log'), stand.path('app.log.1'));
  await writeFile(stand.path('app.log'), 'two\n');
  const aside = '[tailrace: the store refused this line of 3 bytes; it was set aside]';
  expect((await stand.linesOnce(3)).sort()).toEqual([aside, 'one', 'two']);
});

test('an agent that stops between the tries of a line begins them anew, and loses nothing', async () => {
  const { stand, writer } = await refusing(isBad);
  await writeFile(stand.path('app.log'), asText(MIXED));
  const first = await stand.start({ ...TRIAL, writer });
  await waitFor('the first tries', () => writer.refused > 10);
  await first.stop();
  await stand.start({ ...TRIAL, writer });
  const expected = MIXED.map((line) => (isBad(line) ? ASIDE(line.length) : line));
  expect(await stand.linesOnce(MIXED.length)).toEqual(expected);
});
