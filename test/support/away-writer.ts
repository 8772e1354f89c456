/** A store that cannot be reached for as long as it is told so. */
import { StoreError } from '../../shared/errors.js';
import type { LogWriter } from '../../shared/store/log-store.js';
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
