/** One file under several names that are all tailed: it has one reader, whatever comes under which name. */
import { appendFileSync, unlinkSync } from 'node:fs';
import { appendFile, link, symlink, writeFile } from 'node:fs/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Lineage } from '../../agent/lineages/lineage.js';
import type { AgentTimings } from '../../agent/timings.js';
import { agentStand, asText, numbered } from '../support/agent-stand.js';
import { waitFor } from '../support/wait.js';

test('one file under two names is read once, by one reader alone', async () => {
  const stand = await agentStand();
  const sources = [{ include: [stand.path('*.log')], channel: 'all' }];
  await writeFile(stand.path('a.log'), asText(numbered(1, 2)));
  await link(stand.path('a.log'), stand.path('b.log'));
  await symlink(stand.path('a.log'), stand.path('c.log'));
  await symlink(stand.path('gone'), stand.path('d.log'));
  await symlink(stand.path('e.log'), stand.path('e.log'));
  const agent = await stand.start({ sources });
  await stand.linesOnce(2, 'all');
  for (let line = 3; line <= 20; line++) {
    await appendFile(stand.path('b.log'), `line ${line}\n`);
    await stand.linesOnce(line, 'all');
  }
  await agent.stop();
  expect(await stand.lines('all')).toEqual(numbered(1, 20));
  // The store would refuse what a second reader brings: nobody brought it.
  const { readBatches, batches, conflicts, failedBatches } = agent.stats();
  expect({ readBatches, conflicts, failedBatches }).toEqual({
    readBatches: batches,
    conflicts: 0,
    failedBatches: 0,
  });
});

/** A file that is read under one of its two names, the first that is returned. */
async function readUnderOneOfTwoNames(timings: Partial<AgentTimings>) {
  const stand = await agentStand();
  await writeFile(stand.path('a.log'), asText(numbered(1, 2)));
  await link(stand.path('a.log'), stand.path('b.log'));
  const agent = await stand.start({ sources: [{ include: [stand.path('*.log')], channel: 'all' }], timings });
  await stand.linesOnce(2, 'all');
  const other = await waitFor('the file to be known by both names', () => {
    const { files, states } = agent.status(2);
    return states.elsewhere === 1 && files.find(({ state }) => state === 'elsewhere')?.path;
  });
  const own = stand.path(other === stand.path('a.log') ? 'b.log' : 'a.log');
  return { stand, agent, own, other };
}

test('a hint that comes under another name of a file is as good as one under its own', async () => {
  const { stand, other } = await readUnderOneOfTwoNames({ sweepMs: 600_000 });
  await appendFile(other, 'more\n');
  expect(await stand.linesOnce(3, 'all')).toEqual([...numbered(1, 2), 'more']);
});

test('a file that is let go of under one name after another was looked at is read on by the other', async () => {
  const { stand, agent, own, other } = await readUnderOneOfTwoNames({ parkMs: 50 });
  const looks = heldLooks();
  const look = looks.hold(other);
  await waitFor('the file to be closed', () => agent.stats().openFiles === 0);
  const lastLook = looks.hold(own);
  // In one step: the agent, of the same process, cannot look in between.
  appendFileSync(other, asText(['more']));
  unlinkSync(own);
  await look.letGo();
  await lastLook.letGo();
  expect(await stand.linesOnce(3, 'all')).toEqual([...numbered(1, 2), 'more']);
});

test('a file that rests is left alone under its other name too, and is taken up by it when the first is gone', async () => {
  const { stand, agent, own, other } = await readUnderOneOfTwoNames({ sweepMs: 20 });
  const others = async (from: number, to: number) => {
    for (let line = from; line <= to; line++) {
      await appendFile(stand.path('third.log'), `${line}\n`);
      await waitFor('the line', () => agent.stats().lines >= 2 + line);
    }
  };
  await others(1, 5);
  const pass = vi.spyOn(Lineage.prototype, 'pass');
  onTestFinished(() => void pass.mockRestore());
  await others(6, 60);
  const paths = pass.mock.contexts.map((lineage) => (lineage as Lineage).path);
  expect(paths).toContain(stand.path('third.log'));
  expect(paths).not.toContain(other);
  unlinkSync(own);
  await appendFile(other, asText(['more']));
  const lines = await waitFor('the line', async () => {
    const all = await stand.lines('all');
    return all.includes('more') && all;
  });
  expect(lines.filter((line) => !/^\d+$/.test(line))).toEqual([...numbered(1, 2), 'more']);
});

interface HeldLook {
  /** Resolves when the path was looked at since. */
  letGo(): Promise<void>;
}

/** Paths that are held are not looked at until they are let go of. */
function heldLooks(): { hold(path: string): HeldLook } {
  const gates = new Map<string, Promise<void>>();
  const onLook = new Map<string, () => void>();
  const { pass } = Lineage.prototype;
  const spy = vi.spyOn(Lineage.prototype, 'pass').mockImplementation(async function (this: Lineage) {
    await gates.get(this.path);
    await pass.call(this);
    onLook.get(this.path)?.();
  });
  onTestFinished(() => void spy.mockRestore());
  return {
    hold(path) {
      let open = () => {};
      gates.set(path, new Promise((resolve) => (open = resolve)));
      return {
        letGo: () =>
          new Promise((resolve) => {
            onLook.set(path, resolve);
            open();
          }),
      };
    },
  };
}
