/**
 * The yardstick beside the agent that people run today: rsyslog, imfile to omhiredis, in the foreground with a
 * spool directory of its own. It pushes each line as it is onto a list, which is the fastest that Debian's version
 * offers and keeps; a batch of them goes out as one pipeline.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { find } from '../../scripts/programs.mjs';

/** As its manual shows it, all else left at its defaults; and with the settings that made it fastest here. */
export const RSYSLOG_FORMS = ['as in its manual', 'tuned'] as const;

export type RsyslogForm = (typeof RSYSLOG_FORMS)[number];

export interface RsyslogPlan {
  readonly form: RsyslogForm;
  readonly program: string;
  readonly redisPort: number;
  /** Lines go onto the list of this key. */
  readonly key: string;
  /** Followed from its start, once it appears. */
  readonly file: string;
  /** Made for what rsyslog keeps. */
  readonly spool: string;
}

const MODULES = `
  module(load="imfile" mode="inotify")
  module(load="omhiredis")
`;

/** What it says itself when it begins to watch for a file that is not there. */
const WAITS = 'does not exist';

const READY_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 20;

/** Its path; undefined where the program or its output to Redis is not installed. `directory`: for a file. */
export async function findRsyslog(directory: string): Promise<string | undefined> {
  const program = find('rsyslogd');
  if (program === undefined) return undefined;
  const configuration = join(directory, 'rsyslog-modules.conf');
  await writeFile(configuration, MODULES);
  // Its exit code says nothing: that nothing is to be read counts as a failure too.
  const { stderr } = spawnSync(program, ['-N1', '-f', configuration], { encoding: 'utf8' });
  return stderr.includes('could not load module') ? undefined : program;
}

export class Rsyslog implements AsyncDisposable {
  readonly #child: ChildProcess;
  #output = '';

  /** Resolves once it watches the directory of the file. */
  static async start(plan: RsyslogPlan): Promise<Rsyslog> {
    await mkdir(plan.spool);
    const configuration = join(plan.spool, 'rsyslog.conf');
    await writeFile(configuration, configurationOf(plan));
    const rsyslog = new Rsyslog(plan, configuration);
    const giveUpAt = performance.now() + READY_WITHIN_MS;
    while (!rsyslog.#output.includes(WAITS)) {
      if (rsyslog.#child.exitCode !== null || performance.now() > giveUpAt)
        throw new Error(`rsyslogd does not watch: ${rsyslog.#output}`);
      await sleep(LOOK_EVERY_MS);
    }
    return rsyslog;
  }

  private constructor({ program, spool }: RsyslogPlan, configuration: string) {
    const args = ['-n', '-f', configuration, '-i', join(spool, 'pid')];
    this.#child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#output += chunk.toString('utf8');
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}

interface Settings {
  readonly mainQueue: string;
  readonly action: string;
  readonly input: string;
}

/** Neither has a rate limit or a queue on disk. Tuned: of what was tried, batch sizes and queues, the fastest. */
const SETTINGS: Readonly<Record<RsyslogForm, Settings>> = {
  'as in its manual': { mainQueue: '', action: '', input: '' },
  tuned: {
    mainQueue:
      'main_queue(queue.type="FixedArray" queue.size="200000" queue.dequeueBatchSize="4096" queue.workerThreads="1")',
    action: 'userpush="on"',
    input: 'addMetadata="off" maxSubmitAtOnce="1024" persistStateInterval="0"',
  },
};

function configurationOf({ form, redisPort, key, file, spool }: RsyslogPlan): string {
  const { mainQueue, action, input } = SETTINGS[form];
  return `
    global(workDirectory="${spool}" maxMessageSize="64k")
    ${mainQueue}
    ${MODULES}
    template(name="line" type="string" string="%msg%")
    ruleset(name="toRedis") {
      action(type="omhiredis" server="127.0.0.1" serverport="${redisPort}" mode="queue" key="${key}" template="line" ${action})
    }
    input(type="imfile" file="${file}" tag="access" ruleset="toRedis" freshStartTail="off" ${input})
  `;
}
