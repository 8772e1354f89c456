/**
 * What is still done when the process ends in this moment: commands that the agent started end with it, and it
 * says what is lost. Told by an event of the signal that asked for the end.
 */
import type { Agent } from '../agent/index.js';

const AT_ONCE = 'at-once';

/** Returns when all who wanted to have said it. */
export function sayLastWords(signal: AbortSignal): void {
  signal.dispatchEvent(new Event(AT_ONCE));
}

export function haveLastWords(agent: Pick<Agent, 'abandon'>, signal: AbortSignal): void {
  signal.addEventListener(AT_ONCE, () => agent.abandon(), { once: true });
}
