/** A store that cannot be reached for as long as it is told so. */
import { writeFile } from 'node:fs/promises';
import type { Agent } from '../../agent/index.js';
import { StoreError } from '../../shared/errors.js';
import type { LogWriter } from '../../shared/store/log-store.js';
import { type AgentStand, asText, numbered, type StandAgentOptions } from './agent-stand.js';
import { WriterAround } from './agent-writers.js';

export class AwayWriter extends WriterAround {
  isAway = true;

  override async openSource(...call: Parameters<LogWriter['openSource']>) {
    this.reach();
    return super.openSource(...call);
  }

  override async append(...call: Parameters<LogWriter['append']>) {
    this.reach();
    return super.append(...call);
  }

  protected reach(): void {
    if (this.isAway) throw new StoreError('unavailable', 'gone fishing', { retryable: true });
  }
}

/** The same from the first question on: nobody can say what is stored. */
export class MuteWriter extends AwayWriter {
  override async sourcesOf(...call: Parameters<LogWriter['sourcesOf']>) {
    this.reach();
    return super.sourcesOf(...call);
  }
}

/** An agent that has stored the lines 1 to 10 of `app.log`, and whose store is away since. */
export async function startAndGoAway(
  stand: AgentStand,
  writer: AwayWriter,
  options: Omit<StandAgentOptions, 'writer'> = {},
): Promise<Agent> {
  await writeFile(stand.path('app.log'), asText(numbered(1, 10)));
  writer.isAway = false;
  const agent = await stand.start({ ...options, writer });
  await stand.linesOnce(10);
  writer.isAway = true;
  return agent;
}
