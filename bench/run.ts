/**
 * `npm run bench [question…] [--quick] [--json FILE]`: asks the named questions, or all of them, prints a
 * table and keeps the figures as JSON. Figures compare only within one run on one machine.
 */
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Answer, Bench, Question, Scale } from './harness/question.js';
import { report, table } from './harness/report.js';
import { backlog } from './questions/backlog.js';
import { busyAmongIdle } from './questions/busy-among-idle.js';
import { fileToRedis } from './questions/file-to-redis.js';
import { idleConnections } from './questions/idle-connections.js';
import { idleFiles } from './questions/idle-files.js';
import { latency } from './questions/latency.js';
import { redisBytes } from './questions/redis-bytes.js';
import { redisToOne } from './questions/redis-to-1.js';
import { redisToFifty } from './questions/redis-to-50.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const QUESTIONS: Readonly<Record<string, Question>> = {
  'file-to-redis': fileToRedis,
  'redis-to-1': redisToOne,
  'redis-to-50': redisToFifty,
  backlog,
  latency,
  'redis-bytes': redisBytes,
  'idle-connections': idleConnections,
  'idle-files': idleFiles,
  'busy-among-idle': busyAmongIdle,
};

const USAGE = `usage: npm run bench -- [question…] [--quick | --smoke] [--json FILE] [--dist DIR] [--profile DIR]
questions: ${Object.keys(QUESTIONS).join(', ')}
`;

process.exitCode = await main();

async function main(): Promise<number> {
  const asked = readArguments();
  if (asked === undefined) {
    process.stderr.write(USAGE);
    return 2;
  }
  const { questions, json, ...settings } = asked;
  const directory = await makeDirectory();
  const note = (text: string) => void process.stderr.write(`${text}\n`);
  try {
    const answers = await ask(questions, { ...settings, directory, note });
    await mkdir(dirname(json), { recursive: true });
    await writeFile(json, `${JSON.stringify(report(answers, settings.scale), undefined, 2)}\n`);
    process.stdout.write(`${table(answers)}\nas JSON: ${json}\n`);
    return 0;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Everything temporary goes into one directory, also the servers' data, so that an interruption leaves nothing. */
async function makeDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tailrace-bench-'));
  process.env['TMPDIR'] = directory;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      rmSync(directory, { recursive: true, force: true });
      process.exit(130);
    });
  }
  return directory;
}

/** One after the other: two at once would measure each other. */
async function ask(names: readonly string[], bench: Bench): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const name of names) answers.push(...(await (QUESTIONS[name] as Question)(bench)));
  return answers;
}

interface Asked {
  readonly questions: readonly string[];
  readonly scale: Scale;
  readonly dist: string;
  readonly profiles: string | undefined;
  readonly json: string;
}

function readArguments(): Asked | undefined {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        smoke: { type: 'boolean', default: false },
        json: { type: 'string' },
        dist: { type: 'string', default: join(ROOT, 'dist') },
        profile: { type: 'string' },
      },
    });
    const unknown = positionals.find((name) => !Object.hasOwn(QUESTIONS, name));
    if (unknown !== undefined) throw new Error(`there is no question ${unknown}`);
    return {
      questions: positionals.length > 0 ? positionals : Object.keys(QUESTIONS),
      scale: values.smoke ? 'smoke' : values.quick ? 'quick' : 'full',
      dist: resolve(values.dist),
      profiles: values.profile === undefined ? undefined : resolve(values.profile),
      json: resolve(
        values.json ?? join(ROOT, 'bench/results', `${new Date().toISOString().replaceAll(':', '-')}.json`),
      ),
    };
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n`);
    return undefined;
  }
}
