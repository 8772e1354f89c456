/** Writers that refuse lines by what is in them, as nothing that we can run does with a reply. */
import { StoreError } from '../../shared/errors.js';
import type { ChannelId } from '../../shared/protocol/channel.js';
import type { AppendOutcome, Batch, LogWriter } from '../../shared/store/log-store.js';
import { checkedJson } from '../../shared/store/payload.js';
import { WriterAround } from './agent-writers.js';

/** Refuses batches with an error of the store's own, as long as it is told to. */
export class RefusingWriter extends WriterAround {
  refused = 0;
  /** Of those refused. */
  placeholders = 0;
  isRefusing: (json: string) => boolean;

  constructor(inner: LogWriter, isRefusing: (json: string) => boolean) {
    super(inner);
    this.isRefusing = isRefusing;
  }

  override async append(id: ChannelId, batch: Batch, mark: string): Promise<AppendOutcome> {
    const text = textOf(batch);
    if (this.isRefusing(text)) {
      this.refused++;
      if (text.includes('it was set aside')) this.placeholders++;
      throw new StoreError('refused', 'it was refused', { retryable: true });
    }
    return super.append(id, batch, mark);
  }
}

/**
 * The control of setting lines aside: every error looks like an outage, and it is not known whether it was the
 * lines' fault.
 */
export class UndiscerningWriter extends WriterAround {
  override async append(id: ChannelId, batch: Batch, mark: string): Promise<AppendOutcome> {
    return super.append(id, batch, mark).catch((error: Error) => {
      throw new StoreError('unavailable', error.message, { retryable: true });
    });
  }
}

/** What the agent sends to see whether the store is sound is no array of lines. */
function textOf({ encoding, payload, lines }: Batch): string {
  return payload[0] === 0 ? '' : checkedJson(encoding, payload, lines).toString();
}
