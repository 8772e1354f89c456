/** `tailrace agent`: tails files into Redis. */
import type { AgentSettings } from '../agent/config/config.js';
import { type Agent, createAgent } from '../agent/index.js';
import type { Logger } from '../shared/logger.js';
import { openRedisWriter } from '../shared/store/redis/index.js';
import { openProbes } from './agent-probes.js';
import { AgentProgress } from './agent-progress.js';
import { reloadOnHangUp } from './agent-reload.js';
import { type AgentFlags, readAgentSettings } from './agent-settings.js';
import { serve } from './serve.js';
import type { Shell } from './shell.js';
import { Slack } from './slack.js';
import { sourceInWords } from './source-in-words.js';

export function agent(files: string[], flags: AgentFlags, shell: Shell): Promise<number> {
  const read = () => readAgentSettings(files, flags, shell);
  const settings = read();
  const { redis } = settings;
  const progress = new AgentProgress(shell);
  const logger = progress.beside(shell.createLogger('tailrace agent'));
  const onRunning = onHangUp(settings, flags, shell, logger, read);
  return serve(shell, logger, async (lifecycle) => {
    await lifecycle.start(
      'watch over spare memory',
      () => new Slack(),
      async (slack) => slack.stop(),
    );
    const writer = await lifecycle.start(
      'store',
      () => openRedisWriter({ ...redis, retention: settings.retention, logger }),
      (opened) => opened.close(),
    );
    const running = createAgent(settings, { writer, logger, standardInput: shell.stdin });
    shell.onEndAtOnce(() => running.abandon());
    await openProbes(running, settings, shell, lifecycle, logger);
    await lifecycle.start(
      'agent',
      () => running.start(),
      () => running.stop(signalToPassOn(shell)),
    );
    onRunning(running);
    await lifecycle.start(
      'progress line',
      () => progress.follow(running),
      async () => progress.stop(),
    );
    const sentence = `ready: ${inWords(settings)}`;
    return { sentence, finished: running.finished, exitCode: () => running.exitCode };
  });
}

/** With a configuration file SIGHUP means to read it again; a command gets it; else it ends the agent. */
function onHangUp(
  settings: AgentSettings,
  { config }: AgentFlags,
  shell: Shell,
  logger: Logger,
  read: () => AgentSettings,
): (running: Agent) => void {
  if (config !== undefined) return reloadOnHangUp(shell, read, logger);
  const hasCommand = settings.sources.some(({ exec }) => exec !== undefined);
  return (running) => {
    if (hasCommand) shell.onHangUp(() => running.signal('SIGHUP'));
  };
}

/** A terminal sends Ctrl-C to commands as well as to the agent: one that gets it twice may end at once. */
function signalToPassOn({ signal, stdin }: Shell): NodeJS.Signals | undefined {
  const isFromTerminal = signal.reason === 'SIGINT' && 'isTTY' in stdin && stdin.isTTY === true;
  return isFromTerminal || !signal.aborted ? undefined : (signal.reason as NodeJS.Signals);
}

function inWords({ tenant, sources }: AgentSettings): string {
  return `tailing ${sources.map(sourceInWords).join(', ')} for tenant ${tenant}`;
}
