import { appendFile, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Agent, agentConfig } from '../../agent/index.js';
import { openMetricsPort } from '../../agent/status/metrics-port.js';
import { StoreError } from '../../shared/errors.js';
import type { LogWriter } from '../../shared/store/log-store.js';
import { type AgentStand, agentStand, asText, HOST, numbered } from '../support/agent-stand.js';
import { WriterAround } from '../support/agent-writers.js';
import { AwayWriter } from '../support/away-writer.js';
import { waitFor } from '../support/wait.js';

/** Takes nothing while it is told so. */
class FailingWriter extends WriterAround {
  failures = 0;

  override async append(...call: Parameters<LogWriter['append']>) {
    if (this.failures-- > 0) throw new StoreError('unavailable', 'no connection', { retryable: true });
    return super.append(...call);
  }
}

/** Its metrics by name with labels, as a scrape sees them. */
async function scrape(url: string): Promise<Record<string, number>> {
  const response = await fetch(`${url}/metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  const samples = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    samples.map((line) => {
      const [, name = '', value = ''] = /^tailrace_agent_(.*) (\S+)$/.exec(line) ?? [];
      return [name, Number(value)];
    }),
  );
}

async function serve(agent: Agent, stand: AgentStand, filesMax = 0): Promise<string> {
  const listen = { host: '127.0.0.1', port: 0 };
  const port = await openMetricsPort(agent, { listen, filesMax }, stand.logger);
  onTestFinished(async () => port?.close());
  const { message } = await stand.noticeOnce(/metrics at/);
  return message.replace(/^metrics at (.*)\/metrics$/, '$1');
}

test('metrics count what was read, appended and is left, to the byte', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), asText(numbered(1, 9)));
  await writeFile(stand.path('b.log'), 'one\nunfinished');
  const agent = await stand.start({ config: { max_line_bytes: '16B' } });
  const url = await serve(agent, stand);
  await stand.linesOnce(9);
  await stand.linesOnce(1, `${HOST}/b.log`);
  await appendFile(stand.path('b.log'), ', and longer than it may be\n');
  await stand.linesOnce(2, `${HOST}/b.log`);
  await waitFor('rest', () => agent.status(0).unreadBytes === 0);
  const { batches_read_total: read, ...rest } = await scrape(url);
  expect(rest).toMatchObject({
    batches_failed_total: 0,
    batches_retried_total: 0,
    lines_appended_total: 11,
    lines_cut_total: 1,
    bytes_appended_total: 9 * 7 + 'one\nunfinished, and longer than it may be\n'.length,
    lost_bytes_total: 0,
    unread_bytes: 0,
    lag_seconds: 0,
    store_away: 0,
    open_files: 2,
    'files{state="idle"}': 2,
    'files{state="reading"}': 0,
  });
  expect(read).toBeGreaterThan(0);
  expect(rest['batches_appended_total']).toBe(read);
});

test('metrics count a batch that failed, and the same bytes sent again', async () => {
  const stand = await agentStand();
  const writer = new FailingWriter(stand.writer);
  writer.failures = 2;
  await writeFile(stand.path('app.log'), asText(numbered(1, 3)));
  const agent = await stand.start({ writer });
  const url = await serve(agent, stand);
  expect(await stand.linesOnce(3)).toEqual(numbered(1, 3));
  await waitFor('the acknowledgement', () => agent.stats().batches > 0);
  expect(await scrape(url)).toMatchObject({
    ...{ batches_read_total: 3, batches_appended_total: 1 },
    ...{ batches_failed_total: 2, batches_retried_total: 2, lines_appended_total: 3 },
  });
});

test('metrics count bytes that are lost', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), 'one\nunfinished line');
  const agent = await stand.start();
  await stand.linesOnce(1);
  await waitFor('the unread bytes', () => agent.status(0).unreadBytes === 15);
  const url = await serve(agent, stand);
  await truncate(stand.path('app.log'), 0);
  await waitFor('the truncation', () => agent.stats().truncations === 1);
  expect(await scrape(url)).toMatchObject({ truncations_total: 1, lost_bytes_total: 15 });
});

test('metrics name no file unless asked to, and then no more than asked for', async () => {
  const stand = await agentStand();
  for (const name of ['a', 'b', 'c']) await writeFile(stand.path(`${name}.log`), `x\n${name.repeat(3)}`);
  await appendFile(stand.path('b.log'), 'more');
  const agent = await stand.start();
  await waitFor('the lines', () => agent.stats().lines === 3 && agent.status(0).states.partial_line === 3);
  const unnamed = await scrape(await serve(agent, stand));
  expect(Object.keys(unnamed).filter((name) => name.startsWith('file_'))).toEqual([]);
  stand.notices.length = 0;
  const named = await scrape(await serve(agent, stand, 1));
  const labels = `{path="${stand.path('b.log')}",channel="${HOST}/b.log"}`;
  const ofFiles = Object.entries(named).filter(([name]) => name.startsWith('file_'));
  expect(Object.fromEntries(ofFiles)).toMatchObject({
    [`file_unread_bytes${labels}`]: 7,
    [`file_size_bytes${labels}`]: 9,
    [`file_offset_bytes${labels}`]: 2,
  });
  expect(ofFiles).toHaveLength(4);
});

test('probes tell whether the agent is at work: alive always, ready while the store is there', async () => {
  const stand = await agentStand();
  const writer = new AwayWriter(stand.writer);
  const agent = await stand.start({ writer });
  const url = await serve(agent, stand);
  const probe = async (path: string) => {
    const response = await fetch(url + path);
    return [response.status, await response.text()];
  };
  expect(await probe('/readyz')).toEqual([200, 'ready\n']);
  await writeFile(stand.path('app.log'), 'one\n');
  await waitFor('the outage', () => agent.stats().storeAway);
  expect(await probe('/readyz')).toEqual([503, 'not ready: the store is away: gone fishing\n']);
  expect(await probe('/livez')).toEqual([200, 'alive\n']);
  expect(await probe('/status')).toEqual([404, 'there is /metrics, /livez, /readyz\n']);
  writer.isAway = false;
  await stand.linesOnce(1);
  expect(await probe('/readyz')).toEqual([200, 'ready\n']);
});

test('metrics are done without where their port is taken', async () => {
  const stand = await agentStand();
  const other = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void other.close());
  await waitFor('the other program', () => other.listening);
  const { port } = other.address() as { port: number };
  const agent = await stand.start();
  const listen = { host: '127.0.0.1', port };
  expect(await openMetricsPort(agent, { listen, filesMax: 0 }, stand.logger)).toBeUndefined();
  const { level } = await stand.noticeOnce(/there are no metrics: .*EADDRINUSE.*set another metrics\.listen/);
  expect(level).toBe('error');
});
describe('the address of the metrics', () => {
  const parse = (metrics: Record<string, unknown>) =>
    agentConfig.safeParse({ tenant: 'acme', sources: [{ include: ['a.log'] }], metrics });

  test.each(['127.0.0.1:9464', '127.9.9.9:1', '[::1]:9464', 'localhost:0'])(
    '%s is for this host',
    (listen) => {
      expect(parse({ listen }).success).toBe(true);
    },
  );

  test.each(['0.0.0.0:9464', '[::]:9464', '192.0.2.1:9464', 'metrics.example:9464'])(
    '%s is refused unless the configuration says that others may ask',
    (listen) => {
      expect(parse({ listen }).error?.issues).toMatchObject([
        { path: ['metrics', 'listen'], message: expect.stringContaining('allow_remote') },
      ]);
      expect(parse({ listen, allow_remote: true }).success).toBe(true);
    },
  );
});
