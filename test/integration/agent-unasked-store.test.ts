import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { Agent } from '../../agent/index.js';
import { openMetricsPort } from '../../agent/status/metrics-port.js';
import { statusText } from '../../cli/status-table.js';
import { type AgentStand, agentStand } from '../support/agent-stand.js';
import { MuteWriter } from '../support/away-writer.js';
import { waitFor } from '../support/wait.js';

async function agentOfMuteStore() {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), 'one\n');
  const writer = new MuteWriter(stand.writer);
  const agent = await stand.start({ writer });
  await waitFor('the outage', () => agent.stats().storeAway);
  return { stand, writer, agent };
}

async function metricsOf(agent: Agent, stand: AgentStand): Promise<() => Promise<string>> {
  const listen = { host: '127.0.0.1', port: 0 };
  const port = await openMetricsPort(agent, { listen, filesMax: 0 }, stand.logger);
  onTestFinished(async () => port?.close());
  const { message } = await stand.noticeOnce(/metrics at/);
  return async () => (await fetch(message.replace(/^metrics at /, ''))).text();
}

test('while the store was never asked the lag is that of the agent, and nothing counts as read', async () => {
  const { stand, writer, agent } = await agentOfMuteStore();
  const scrape = await metricsOf(agent, stand);
  await waitFor('some lag', () => agent.status(0).lagSeconds > 0.2);
  const before = await scrape();
  expect(before).toMatch(/^tailrace_agent_store_away 1$/m);
  expect(before).toMatch(/^tailrace_agent_unread_bytes nan$/im);
  expect(Number(/^tailrace_agent_lag_seconds (\S+)$/m.exec(before)?.[1])).toBeGreaterThan(0.2);
  expect(before).not.toMatch(/^tailrace_agent_files\{/m);
  writer.isAway = false;
  await stand.linesOnce(1);
  await waitFor('rest', () => agent.status(0).states.idle === 1);
  const after = await scrape();
  for (const line of ['store_away 0', 'unread_bytes 0', 'lag_seconds 0', 'files{state="reading"} 0'])
    expect(after).toContain(`\ntailrace_agent_${line}\n`);
});

test('a status of an agent that could never ask the store says that it does not know, and why', async () => {
  const { agent } = await agentOfMuteStore();
  const text = statusText(agent.status(100));
  expect(text).toMatch(/: files not known yet, unread bytes not known yet, 0 lines appended\n/);
  expect(text).toMatch(/\nthe store is away since \S+: gone fishing\n/);
  expect(text).toMatch(/\nit waits to hear from the store how far files are stored\n/);
});

test('a FIFO that is named is told for what it is', async () => {
  const stand = await agentStand();
  execFileSync('mkfifo', [stand.path('app.log')]);
  await stand.start({ sources: [{ include: [stand.path('app.log'), stand.path('later.log')] }] });
  await stand.noticeOnce(/app\.log is no regular file, and is not read; a file in its place is$/);
  await stand.noticeOnce(/later\.log does not exist yet/);
});
