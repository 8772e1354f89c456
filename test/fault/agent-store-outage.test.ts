/**
 * Redis is down while a program goes on logging and rotating. The files are the buffer: the agent holds on to
 * what it has not sent, in flat memory, and says in bytes what rotation took away before it could be read.
 */
import {
  appendFileSync,
  copyFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { VOID_POSITION } from '../../shared/protocol/cursor.js';
import type { LogReader } from '../../shared/store/log-store.js';
import { checkedJson } from '../../shared/store/payload.js';
import { openRedisReader } from '../../shared/store/redis/index.js';
import { asText, numbered } from '../support/agent-stand.js';
import { residentBytes } from '../support/fault-memory.js';
import { startStack } from '../support/fault-stack.js';
import { redisStand } from '../support/redis-agent-stand.js';
import { waitFor } from '../support/wait.js';

const MB = 1e6;
const IS_LONG = Number(process.env['FAULT_ROUNDS'] ?? 100) >= 1_000;
const BYTES = (IS_LONG ? 500 : 40) * MB;
/** Spread over all that is written. */
const OUTAGE_MS = IS_LONG ? 600_000 : 0;
const ROTATIONS = 3;
const CHUNK_LINES = 4_000;
const LINE_BYTES = 500;
/** Of an agent that has caught up with as much as the short form writes; what garbage is left makes the rest. */
const GROWTH_BYTES_MAX = 40 * MB;

class Program {
  lines = 0;
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  async write(bytes: number, afterChunk: () => Promise<void>): Promise<void> {
    for (const end = this.lines + bytes / LINE_BYTES; this.lines < end; await afterChunk()) {
      const next = () => `${++this.lines} `.padEnd(LINE_BYTES - 1, 'access log ');
      const texts = Array.from({ length: CHUNK_LINES }, next);
      appendFileSync(this.#file, asText(texts));
    }
  }

  /** Keeps one rotated file: the one before it is gone. */
  rotate(): void {
    renameSync(this.#file, `${this.#file}.1`);
    appendFileSync(this.#file, '');
  }
}

/** Reads a channel from its start and holds none of it: line n must begin with n. Resolves at the last line. */
async function readInOrder(reader: LogReader, last: number, afterPage: () => void): Promise<void> {
  let after = VOID_POSITION;
  for (let next = 1; next <= last; ) {
    const { view, batches } = await waitFor('the next page', async () => {
      const page = await reader
        .read({ tenant: 'acme', channel: 'app' }, after, 4 * MB)
        .catch(() => undefined);
      return page !== undefined && page.batches.length > 0 && page;
    });
    for (const { seq, lines, encoding, payload, entry } of batches) {
      for (const line of JSON.parse(checkedJson(encoding, payload, lines).toString()) as string[])
        if (Number.parseInt(line, 10) !== next++)
          throw new Error(`${line.slice(0, 20)} came as line ${next - 1}`);
      after = { epoch: view.epoch, entry, seq: seq + lines };
    }
    afterPage();
  }
}

function holdsOpen(pid: number, file: string): boolean {
  const { ino } = statSync(file);
  return readdirSync(`/proc/${pid}/fd`).some((fd) => {
    try {
      readlinkSync(`/proc/${pid}/fd/${fd}`);
      return statSync(`/proc/${pid}/fd/${fd}`).ino === ino;
    } catch {
      return false;
    }
  });
}

test(
  `Redis is down ${OUTAGE_MS > 0 ? 'ten minutes ' : ''}while ${BYTES / MB} MB are written and rotated ${ROTATIONS} times: all of it arrives, in flat memory`,
  async () => {
    await using stack = await startStack();
    const file = join(stack.directory, 'app.log');
    const program = new Program(file);
    await program.write(40 * MB, async () => {});
    const agent = await stack.startAgent({ tenant: 'acme', sources: [{ include: [file], channel: 'app' }] });
    const reader = openRedisReader({ url: stack.redis.url });
    onTestFinished(() => reader.close());
    let baseline = 0;
    const note = () => {
      baseline = Math.max(baseline, residentBytes(agent.pid));
    };
    await readInOrder(reader, program.lines, note);
    await stack.redis.stop();
    let peak = 0;
    const watch = () => {
      peak = Math.max(peak, residentBytes(agent.pid));
    };
    for (let part = 0; part <= ROTATIONS; part++) {
      if (part > 0) program.rotate();
      await program.write(BYTES / (ROTATIONS + 1), async () => {
        watch();
        await sleep((OUTAGE_MS * CHUNK_LINES * LINE_BYTES) / BYTES);
      });
      // What is rotated away and deleted before the agent has seen it nobody can save.
      await waitFor('the agent to hold the file', () => holdsOpen(agent.pid, file));
    }
    await agent.seeStderr(/nothing is sent until the store is back/);
    await stack.redis.start();
    await readInOrder(reader, program.lines, watch);
    expect(agent.stderr).not.toMatch(/"lostBytes":[1-9]/);
    expect(peak - baseline).toBeLessThan(GROWTH_BYTES_MAX);
  },
  IS_LONG ? 1_500_000 : 120_000,
);

test('what rotation by copytruncate destroys while Redis is down is announced, to the byte', async () => {
  const { stand, redis } = await redisStand();
  const file = stand.path('app.log');
  await writeFile(file, asText(numbered(1, 1_000)));
  const agent = await stand.start();
  await stand.linesOnce(1_000);
  await redis.stop();
  let last = 1_000;
  for (let rotation = 1; rotation <= ROTATIONS; rotation++) {
    await appendFile(file, asText(numbered(last + 1, last + 1_000)));
    last += 1_000;
    await waitFor('the agent to notice', () => agent.stats().storeAway);
    const seen = () => {
      const row = agent.status(10).files.find(({ path }) => path === file);
      return row?.sizeBytes === statSync(file).size;
    };
    await waitFor('the agent to have seen it grow', seen);
    copyFileSync(file, `${file}.1`);
    truncateSync(file);
    await waitFor('the agent to have seen it shrink', seen);
  }
  await appendFile(file, asText(numbered(last + 1, last + 1_000)));
  await redis.start();
  await waitFor(
    'the last line',
    async () => (await stand.lines().catch(() => [])).at(-1) === `line ${last + 1_000}`,
  );
  const lines = await stand.lines();
  const missing = numbered(1, last + 1_000).filter((line) => !new Set(lines).has(line));
  expect(new Set(lines).size).toBe(lines.length);
  expect(missing.length).toBeGreaterThan(0);
  expect(agent.stats().lostBytes).toBe(asText(missing).length);
});
