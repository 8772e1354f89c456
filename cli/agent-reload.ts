/** SIGHUP to an agent that has a configuration file: the file is read again, and the agent goes on by it. */
import type { Agent, AgentSettings } from '../agent/index.js';
import { messageOf } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import type { Shell } from './shell.js';

/**
 * From now on a hang-up is a wish to reload, granted once the agent runs that the returned function is given.
 * Settings that cannot be read change nothing.
 */
export function reloadOnHangUp(
  shell: Shell,
  read: () => AgentSettings,
  logger: Logger,
): (running: Agent) => void {
  let agent: Agent | undefined;
  let isDue = false;
  const reload = () => {
    isDue = agent === undefined;
    try {
      agent?.reload(read());
    } catch (error) {
      logger.error(`configuration not reloaded, the agent goes on as before: ${messageOf(error)}`);
    }
  };
  shell.onHangUp(reload);
  return (running) => {
    agent = running;
    if (isDue) reload();
  };
}
