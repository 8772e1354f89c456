/** The life of a command that runs until it is told to end: begin, say once that it is ready, wait, stop. */
import { Lifecycle } from '../shared/lifecycle.js';
import type { Logger } from '../shared/logger.js';
import { exitCodeOf, type Shell, untilAborted } from './shell.js';

export interface Ready {
  /** What is ready, and where. */
  readonly sentence: string;
  /** Resolves where the work may come to an end by itself. */
  readonly finished?: Promise<void>;
  /** Asked once all has stopped: what the process is to end with, if the work says. */
  exitCode?(): number | undefined;
}

export async function serve(
  shell: Shell,
  logger: Logger,
  begin: (lifecycle: Lifecycle) => Promise<Ready>,
): Promise<number> {
  const lifecycle = new Lifecycle(logger);
  let ready: Ready;
  try {
    ready = await begin(lifecycle);
    const { sentence, finished } = ready;
    logger.info(sentence);
    await Promise.race([untilAborted(shell.signal), ...(finished === undefined ? [] : [finished])]);
  } finally {
    await lifecycle.stop();
  }
  return ready.exitCode?.() ?? exitCodeOf(shell.signal);
}
