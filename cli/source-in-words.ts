/** A source of the agent's configuration in a few words. */
import { type SourceRule, STANDARD_INPUT } from '../agent/config/source-rule.js';

export function sourceInWords({ include, exec }: SourceRule): string {
  if (exec !== undefined) return `the output of ${exec.command[0]}`;
  return include.map((entry) => (entry === STANDARD_INPUT ? 'standard input' : entry)).join(', ');
}
