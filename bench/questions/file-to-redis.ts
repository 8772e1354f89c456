/**
 * How many lines a second does one agent move from a file into Redis? A prepared file appears in a directory
 * that the agent watches; the clock stops when the store has every line. Finding the file is part of it.
 */
import { link, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { BATCH_RAW_BYTES_MAX } from '../../shared/protocol/limits.js';
import { type RedisServer, startRedis } from '../../test/support/redis-server.js';
import { type Corpus, writeCorpus } from '../harness/corpus.js';
import { cpuSeconds } from '../harness/processes.js';
import { startAgent } from '../harness/product.js';
import { Program, secondsBetween } from '../harness/program.js';
import { type Answer, at, type Bench } from '../harness/question.js';
import { median } from '../harness/statistics.js';
import { openReader, storedLines } from '../harness/stored-lines.js';
import {
  findRsyslog,
  RSYSLOG_FORMS,
  Rsyslog,
  type RsyslogForm,
  type RsyslogPlan,
} from '../yardsticks/rsyslog.js';

interface Run {
  readonly linesPerSecond: number;
  /** Of the process that moves the lines. */
  readonly cpuSeconds: number;
  readonly redisCpuSeconds: number;
}

interface Runs {
  readonly agent: Run[];
  readonly packer: Run[];
  readonly rsyslog: Readonly<Record<RsyslogForm, Run[]>>;
}

const CHANNEL = 'access';
const LOOK_EVERY_MS = 5;
const RSYSLOG_WITHIN_MS = 120_000;
const RSYSLOG_LIST = 'rsyslog';
const NO_AOF_REWRITE = ['--auto-aof-rewrite-percentage', '0'];

export async function fileToRedis(bench: Bench): Promise<Answer[]> {
  const corpus = await writeCorpus(
    bench.directory,
    'access',
    at(bench, { full: 4e6, quick: 1e6, smoke: 2e4 }),
  );
  const rsyslogd = await rsyslogFor(bench);
  const runs: Runs = { agent: [], packer: [], rsyslog: { 'as in its manual': [], tuned: [] } };
  for (let run = 1; run <= at(bench, { full: 5, quick: 2, smoke: 1 }); run += 1) {
    bench.note(`file-to-redis: run ${run}, agent, then plain packer${rsyslogd ? ', then rsyslog' : ''}`);
    runs.agent.push(await withAgent(bench, corpus, `run-${run}`));
    runs.packer.push(await withPlainPacker(corpus));
    if (rsyslogd === undefined) continue;
    for (const form of RSYSLOG_FORMS)
      runs.rsyslog[form].push(await withRsyslog(bench, corpus, { program: rsyslogd, form }));
  }
  const forms = rsyslogd === undefined ? [] : RSYSLOG_FORMS;
  return [besidePacker(runs, corpus), ...forms.flatMap((form) => besideRsyslog(runs, form, corpus))];
}

function besidePacker({ agent, packer }: Runs, corpus: Corpus): Answer {
  return {
    question: 'file-to-redis',
    measure: 'one agent',
    unit: 'lines/s',
    runs: agent.map((run) => run.linesPerSecond),
    bar: { value: 1e6, better: 'higher' },
    yardstick: { name: 'plain packer', runs: packer.map((run) => run.linesPerSecond) },
    details: {
      'lines a run': corpus.lines,
      'bytes a line': corpus.bytes / corpus.lines,
      'agent CPU s': median(agent.map((run) => run.cpuSeconds)),
      'packer CPU s': median(packer.map((run) => run.cpuSeconds)),
      'Redis CPU s': median(agent.map((run) => run.redisCpuSeconds)),
    },
  };
}

/** Run by run, since neighbours on the machine disturb both sides of one run alike. */
function besideRsyslog(runs: Runs, form: RsyslogForm, { lines }: Corpus): Answer[] {
  const { agent } = runs;
  const rsyslog = runs.rsyslog[form];
  const times = (figure: (run: Run) => number) =>
    agent.map((run, index) => figure(run) / figure(rsyslog[index] as Run));
  const perSecond = (run: Run) => run.linesPerSecond;
  const perCpuSecond = (run: Run) => lines / run.cpuSeconds;
  const perCpuSecondOfBoth = (run: Run) => lines / (run.cpuSeconds + run.redisCpuSeconds);
  const base = {
    ...{ question: 'file-to-redis', unit: `times rsyslog ${form}` },
    bar: { value: 4, better: 'higher' } as const,
  };
  return [
    {
      ...{ ...base, measure: 'lines per second', runs: times(perSecond) },
      details: { [`rsyslog ${form}, lines/s`]: median(rsyslog.map(perSecond)) },
    },
    {
      ...{ ...base, measure: 'lines per CPU second', runs: times(perCpuSecond) },
      details: {
        'agent lines per CPU s': median(agent.map(perCpuSecond)),
        [`rsyslog ${form}, lines per CPU s`]: median(rsyslog.map(perCpuSecond)),
        'times rsyslog, with the CPU of Redis': median(times(perCpuSecondOfBoth)),
      },
    },
  ];
}

/** Undefined, with a sentence, where it is not installed; a pipeline must not lose the comparison in silence. */
async function rsyslogFor(bench: Bench): Promise<string | undefined> {
  const program = await findRsyslog(bench.directory);
  if (program !== undefined) return program;
  const sentence = 'rsyslog with omhiredis is not installed (Debian package: rsyslog-hiredis)';
  if (process.env['CI'] === 'true') throw new Error(sentence);
  bench.note(`file-to-redis: ${sentence}; the agent is not compared with it`);
  return undefined;
}

async function withAgent(bench: Bench, corpus: Corpus, name: string): Promise<Run> {
  await using redis = await startRedis({ settings: NO_AOF_REWRITE });
  const watched = join(bench.directory, name);
  await mkdir(watched);
  await using agent = await startAgent(bench, { redisUrl: redis.url, include: watched, channel: CHANNEL });
  const reader = await openReader(bench, redis.url);
  const run = await measure(corpus, join(watched, 'access.log'), agent.pid, redis, () =>
    storedLines(reader, { channels: [CHANNEL], lines: corpus.lines, lookEveryMs: LOOK_EVERY_MS }),
  );
  await reader.close();
  await rm(watched, { recursive: true });
  return run;
}

async function withRsyslog(
  bench: Bench,
  corpus: Corpus,
  which: Pick<RsyslogPlan, 'program' | 'form'>,
): Promise<Run> {
  await using redis = await startRedis({ settings: NO_AOF_REWRITE });
  const watched = await mkdtemp(join(bench.directory, 'rsyslog-'));
  const file = join(watched, 'access.log');
  const spool = join(watched, 'spool');
  await using rsyslog = await Rsyslog.start({
    ...which,
    redisPort: redis.port,
    key: RSYSLOG_LIST,
    file,
    spool,
  });
  const client = new Redis(redis.url);
  const run = await measure(corpus, file, rsyslog.pid, redis, () => listedLines(client, corpus.lines));
  client.disconnect();
  await rm(watched, { recursive: true });
  return run;
}

/** The clock runs from the moment that the file appears until all its lines are stored. */
async function measure(
  { file, lines }: Corpus,
  appearing: string,
  pid: number,
  redis: RedisServer,
  untilStored: () => Promise<void>,
): Promise<Run> {
  const [cpuBefore, redisCpuBefore] = [cpuSeconds(pid), cpuSeconds(redis.pid)];
  const startedAt = performance.now();
  await link(file, appearing);
  await untilStored();
  const seconds = (performance.now() - startedAt) / 1_000;
  return {
    linesPerSecond: lines / seconds,
    cpuSeconds: cpuSeconds(pid) - cpuBefore,
    redisCpuSeconds: cpuSeconds(redis.pid) - redisCpuBefore,
  };
}

async function listedLines(client: Redis, lines: number): Promise<void> {
  const giveUpAt = performance.now() + RSYSLOG_WITHIN_MS;
  for (let listed = 0; listed !== lines; listed = await client.llen(RSYSLOG_LIST)) {
    if (listed > lines || performance.now() > giveUpAt)
      throw new Error(`rsyslog stored ${listed} lines of ${lines}`);
    await sleep(LOOK_EVERY_MS);
  }
}

async function withPlainPacker(corpus: Corpus): Promise<Run> {
  await using redis = await startRedis({ settings: NO_AOF_REWRITE });
  const settings = {
    redisUrl: redis.url,
    file: corpus.file,
    streamKey: 'plain',
    batchRawBytes: BATCH_RAW_BYTES_MAX,
  };
  await using packer = Program.start('yardsticks/plain-packer.ts', settings);
  await packer.next('ready');
  const [cpuBefore, redisCpuBefore] = [cpuSeconds(packer.pid), cpuSeconds(redis.pid)];
  packer.send({ kind: 'go' });
  const started = await packer.next('started');
  const done = await packer.next('done');
  const used = cpuSeconds(packer.pid) - cpuBefore;
  if (done['lines'] !== corpus.lines) throw new Error(`the plain packer made ${done['lines']} lines`);
  return {
    linesPerSecond: corpus.lines / secondsBetween(started, done),
    cpuSeconds: used,
    redisCpuSeconds: cpuSeconds(redis.pid) - redisCpuBefore,
  };
}
