/** What the suite writes and how it reads it back: sources that keep their own offset, and whole channels. */
import { randomBytes } from 'node:crypto';
import type { ChannelId } from '../../shared/protocol/channel.js';
import { type Position, VOID_POSITION } from '../../shared/protocol/cursor.js';
import type {
  AppendOutcome,
  Batch,
  LogReader,
  LogWriter,
  SourceDescription,
  StoredBatch,
} from '../../shared/store/log-store.js';

export const DESCRIPTION: SourceDescription = {
  host: 'web-1',
  path: '/var/log/app.log',
  device: '2049',
  inode: '18446744073709551615',
  generation: 1,
  labels: { team: 'blue' },
};

/** A tenant that no other test has. */
export function newTenant(): string {
  return `t-${randomBytes(6).toString('hex')}`;
}

export function newChannel(channel = 'app/web'): ChannelId {
  return { tenant: newTenant(), channel };
}

/** Bytes of lines as a file holds them: each with its terminator. */
export function batchOf(source: string, from: number, lines: readonly string[]): Batch {
  const to = from + lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
  const payload = Buffer.from(JSON.stringify(lines));
  return { source, from, to, lines: lines.length, encoding: 'json', payload, cut: [] };
}

export function linesOf(batches: readonly StoredBatch[]): string[] {
  return batches.flatMap(({ payload }) => JSON.parse(payload.toString()) as string[]);
}

/** One file of an agent: appends where its source stands. */
export class Source {
  readonly #id: ChannelId;
  readonly name: string;
  offset = 0;

  constructor(id: ChannelId, name = 'source-1') {
    this.#id = id;
    this.name = name;
  }

  async open(writer: LogWriter, description: SourceDescription = DESCRIPTION): Promise<this> {
    const position = await writer.openSource(this.#id, this.name, description, { offset: 0, mark: 'head' });
    this.offset = position.offset;
    return this;
  }

  batch(...lines: string[]): Batch {
    return batchOf(this.name, this.offset, lines);
  }

  /** Appends and moves on at once, so that several may be under way; fails the test if the store refuses. */
  async append(writer: LogWriter, ...lines: string[]): Promise<Extract<AppendOutcome, { kind: 'appended' }>> {
    const batch = this.batch(...lines);
    this.offset = batch.to;
    const outcome = await writer.append(this.#id, batch, 'mark');
    if (outcome.kind !== 'appended') throw new Error(`refused: ${JSON.stringify(outcome)}`);
    return outcome;
  }
}

/** Everything from a position on, page by page. */
export async function readAll(
  reader: LogReader,
  id: ChannelId,
  from: Position = VOID_POSITION,
  bytesMax = 1_000_000,
): Promise<StoredBatch[]> {
  const all: StoredBatch[] = [];
  for (let at = from; ; ) {
    const { view, batches } = await reader.read(id, at, bytesMax);
    const last = batches.at(-1);
    if (last === undefined) return all;
    all.push(...batches);
    at = behind(last, view.epoch);
  }
}

export function behind(batch: StoredBatch, epoch: string): Position {
  return { epoch, entry: batch.entry, seq: batch.seq + batch.lines };
}
