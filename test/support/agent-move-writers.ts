/** Writers around a real one that are odd at the moments at which a source is stored under another name. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChannelId } from '../../shared/protocol/channel.js';
import type {
  AppendOutcome,
  Batch,
  SourceDescription,
  SourcePosition,
} from '../../shared/store/log-store.js';
import { WriterAround } from './agent-writers.js';

const LATE_MS = 5;

/**
 * The positive control of asking the store where a source stands before it goes on under another name: a source
 * that the store does not know is always begun at its start.
 */
export class PeremptoryWriter extends WriterAround {
  override openSource(
    id: ChannelId,
    source: string,
    description: SourceDescription,
    _initial: SourcePosition,
  ): Promise<SourcePosition> {
    return super.openSource(id, source, description, { offset: 0, mark: '' });
  }
}

type Mood = 'takes' | 'refuses' | 'forgets';

/** A store that takes appends, refuses them, or takes them and lets the reply get lost. */
export class MoodyWriter extends WriterAround {
  mood: Mood = 'takes';
  /** Of channels that have one of their own. */
  readonly moods = new Map<string, Mood>();
  /** Appends that did not end as they should. */
  failed = 0;

  override async append(id: ChannelId, batch: Batch, mark: string): Promise<AppendOutcome> {
    const mood = this.moods.get(id.channel) ?? this.mood;
    const outcome = mood === 'refuses' ? undefined : await super.append(id, batch, mark);
    if (outcome !== undefined && mood === 'takes') return outcome;
    this.failed++;
    throw new Error(mood === 'refuses' ? 'refused' : 'the reply was lost');
  }
}

/** Appends arrive late, in order, and behind calls that were made after them. */
export class LateWriter extends WriterAround {
  #last: Promise<unknown> = Promise.resolve();

  override append(id: ChannelId, batch: Batch, mark: string): Promise<AppendOutcome> {
    const outcome = this.#last.then(() => sleep(LATE_MS)).then(() => super.append(id, batch, mark));
    this.#last = outcome.catch(() => {});
    return outcome;
  }
}
