/**
 * While the store is away one file after another tries it. A file that has nothing to send any more, that nobody
 * wants any more or that is refused must not be the one that all others wait for.
 */
import { appendFile, rename, truncate, writeFile } from 'node:fs/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Lineage } from '../../agent/lineages/lineage.js';
import { Lineages } from '../../agent/lineages/lineages.js';
import { StoreError } from '../../shared/errors.js';
import type { LogWriter } from '../../shared/store/log-store.js';
import { settings } from '../support/agent-reload.js';
import { type AgentStand, agentStand, asText, HOST, numbered } from '../support/agent-stand.js';
import { AwayWriter } from '../support/away-writer.js';
import { openHandlesIn } from '../support/open-handles.js';
import { waitFor } from '../support/wait.js';

const B = `${HOST}/b.log`;
/** Generations that a path holds at the most. */
const GENERATIONS_MAX = 16;

/** Away as told, and back without the right to one channel. */
class ForbiddingWriter extends AwayWriter {
  forbidden = '';
  /** Channels that were met while it was away. */
  readonly met = new Set<string>();

  override async openSource(...call: Parameters<LogWriter['openSource']>) {
    const [{ channel }] = call;
    if (this.isAway) this.met.add(channel);
    if (!this.isAway && channel === this.forbidden) throw new StoreError('forbidden', 'no rights');
    return super.openSource(...call);
  }

  override async append(...call: Parameters<LogWriter['append']>) {
    if (this.isAway) this.met.add(call[0].channel);
    return super.append(...call);
  }
}

/** Lines in a.log that the store was found away for. */
async function lineInVain(stand: AgentStand, writer: LogWriter) {
  await writeFile(stand.path('a.log'), asText(numbered(1, 3)));
  const agent = await stand.start({ writer });
  await stand.noticeOnce(/nothing is sent/);
  return agent;
}

test('a file that has nothing to send any more leaves its turn to others', async () => {
  const stand = await agentStand();
  const writer = new AwayWriter(stand.writer);
  await lineInVain(stand, writer);
  await truncate(stand.path('a.log'), 0);
  await writeFile(stand.path('b.log'), asText(numbered(1, 3)));
  writer.isAway = false;
  expect(await stand.linesOnce(3, B)).toEqual(numbered(1, 3));
});

test('a file that was let go of is not waited for', async () => {
  const stand = await agentStand();
  const writer = new AwayWriter(stand.writer);
  const agent = await lineInVain(stand, writer);
  const [a, b] = [stand.path('a.log'), stand.path('b.log')];
  await truncate(a, 0);
  agent.reload(settings([{ include: [b] }]));
  await waitFor('a.log to be let go of', () => agent.status(9).files.every(({ path }) => path !== a));
  await writeFile(b, asText(numbered(1, 3)));
  writer.isAway = false;
  expect(await stand.linesOnce(3, B)).toEqual(numbered(1, 3));
});

test('a file that is refused when the store is back leaves its turn to others', async () => {
  const stand = await agentStand();
  const writer = new ForbiddingWriter(stand.writer);
  writer.isAway = false;
  for (const name of ['a.log', 'b.log']) await writeFile(stand.path(name), asText(numbered(1, 3)));
  await stand.start({ writer });
  await stand.linesOnce(3, `${HOST}/a.log`);
  await stand.linesOnce(3, B);
  writer.isAway = true;
  for (const name of ['a.log', 'b.log']) {
    await appendFile(stand.path(name), asText(numbered(4, 6)));
    await waitFor(`${name} to wait`, () => writer.met.has(`${HOST}/${name}`));
  }
  writer.forbidden = `${HOST}/a.log`;
  writer.isAway = false;
  expect(await stand.linesOnce(6, B)).toEqual(numbered(1, 6));
});

test('a file that is refused and rotated more often than can be held rests between two sweeps', async () => {
  const stand = await agentStand();
  const writer = new ForbiddingWriter(stand.writer);
  writer.isAway = false;
  writer.forbidden = `${HOST}/app.log`;
  const path = stand.path('app.log');
  await writeFile(path, 'line 1\n');
  await stand.start({ writer });
  await stand.noticeOnce(/refuses its lines/);
  const last = GENERATIONS_MAX + 2;
  for (let line = 2; line <= last; line++) {
    await rename(path, `${path}.${line}`);
    await writeFile(path, `line ${line}\n`);
    const held = Math.min(line, GENERATIONS_MAX);
    await waitFor('it to be taken up', async () => (await openHandlesIn(stand.directory)).length === held);
  }
  const sweeps = vi.spyOn(Lineages.prototype, 'sweep');
  const turns = vi.spyOn(Lineage.prototype, 'pass');
  onTestFinished(() => void [sweeps, turns].map((spy) => spy.mockRestore()));
  await waitFor('20 sweeps', () => sweeps.mock.calls.length >= 20);
  const ofPath = (turns.mock.contexts as Lineage[]).filter((lineage) => lineage.path === path).length;
  // One for each sweep, and some when the store may be asked again.
  expect(ofPath).toBeLessThan(2 * sweeps.mock.calls.length);
  writer.forbidden = '';
  expect(await stand.linesOnce(last)).toEqual(numbered(1, last));
});

test('a path that is let go of while the store is away is read to its end first', async () => {
  const stand = await agentStand();
  const writer = new AwayWriter(stand.writer);
  writer.isAway = false;
  const path = stand.path('app.log');
  await writeFile(path, 'line 1\n');
  const agent = await stand.start({ writer, timings: { lingerMs: 60_000 } });
  await stand.linesOnce(1);
  await rename(path, `${path}.1`);
  await writeFile(path, 'line 2\n');
  await stand.linesOnce(2);
  writer.isAway = true;
  await appendFile(path, 'line 3\n');
  await stand.noticeOnce(/nothing is sent/);
  agent.reload(settings([{ include: [stand.path('other.log')] }]));
  const turns = vi.spyOn(Lineage.prototype, 'pass');
  onTestFinished(() => turns.mockRestore());
  const ofPath = () => (turns.mock.contexts as Lineage[]).filter((one) => one.path === path).length;
  await waitFor('two turns', () => ofPath() >= 2);
  writer.isAway = false;
  expect(await stand.linesOnce(3)).toEqual(numbered(1, 3));
});
