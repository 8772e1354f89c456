/**
 * An event whose first lines are the last ones of a file and whose other lines begin the next: its writer was
 * rotated in the middle of it. It is appended as one, and both files' positions move in the same atomic step, so
 * that it comes neither twice nor in halves, whatever is interrupted. Everything else of the two files is read
 * by their own sessions, which ask the store for their positions afterwards.
 */
import { StoreError } from '../../shared/errors.js';
import type { LogWriter, SourcePosition } from '../../shared/store/log-store.js';
import { encodePayload } from '../../shared/store/payload.js';
import { eventEnds } from '../events/event-ends.js';
import type { EventRule } from '../events/event-grouper.js';
import { encodeEvents } from '../lines/event-encoder.js';
import type { EncodedLines } from '../lines/line-encoder.js';
import type { LineFormat } from '../lines/line-format.js';
import { READ_BUFFER_BYTES, type Tail } from '../lines/tail.js';
import type { TextEncoding } from '../lines/text-encoding.js';
import type { KnownSource } from '../sources/ledger.js';
import { type MoveContext, positionUnder } from '../sources/source-move.js';
import type { Turn } from '../sources/source-session.js';
import type { StoreClient } from '../sources/store-access.js';
import { countAppended } from '../status/agent-stats.js';

/** After so many failures of one event that may be its own fault, its halves are sent each for itself. */
const FAILURES_MAX = 3;

/** One of the two files. */
export interface JointFile {
  readonly known: KnownSource;
  readonly format: LineFormat;
  readonly size: number;
  readonly modifiedNs: bigint;
  /** Where it begins if the store has never heard of it. */
  readonly start: SourcePosition;
  /** In so many milliseconds it has not grown for as long as an event waits; undefined where it has no events. */
  readonly restsInMs: number | undefined;
  tailAt(position: SourcePosition, format: LineFormat): Promise<Tail | undefined>;
  /** Sends the lines that wait for others. */
  endEvent(): Promise<Turn>;
  /** The store has the file up to there. */
  joined(position: SourcePosition): Promise<void>;
}

/** `end`: nothing waits any more, or what waits is not for the next file to end. `waits`: the event may go on. */
export type JointTurn = Turn | 'waits';

/** Whole lines from a position on. */
interface Lines {
  readonly bytes: Buffer;
  readonly encoding: TextEncoding;
  /** Behind the last of them. */
  readonly end: SourcePosition;
}

interface Joint {
  readonly lines: EncodedLines;
  readonly older: SourcePosition;
  readonly newer: SourcePosition;
}

export class EventJoint {
  readonly #context: MoveContext;
  readonly #client: StoreClient;
  #failures = 0;
  /** The source and the offset that they belong to: its halves may fail as well, and are not joined again then. */
  #failedAt = '';

  constructor(context: MoveContext, client: StoreClient) {
    this.#context = context;
    this.#client = client;
  }

  /**
   * `older` ends with lines that wait for others, and nothing of `newer` was read yet. `isNewerOver`: a third file
   * has come; an event that goes on there too is divided.
   */
  async settle(
    older: JointFile,
    newer: JointFile,
    rule: EventRule,
    isNewerOver: boolean,
  ): Promise<JointTurn> {
    if (!isOfOneChannel(older, newer) || this.#hasFailed(older)) return older.endEvent();
    const last = await linesAt(older, older.known.position);
    const first = await linesAt(newer, newer.start);
    if (last === undefined || first === undefined || last.encoding !== first.encoding)
      return older.endEvent();
    // An unfinished line is the end of the older file once that has ended, and not before.
    if (last.end.offset < older.size || first.bytes.length === 0)
      return older.restsInMs === 0 ? older.endEvent() : 'end';
    const text = Buffer.concat([last.bytes, first.bytes]);
    const ends = eventEnds(text, last.encoding, rule, isNewerOver || newer.restsInMs === 0);
    const joint = ends.findIndex((end) => end > last.bytes.length);
    const begin = (joint === -1 ? ends.at(-1) : ends[joint - 1]) ?? 0;
    if (begin >= last.bytes.length) return older.endEvent();
    if (joint === -1) return 'waits';
    const end = await placeBehind(newer, (ends[joint] as number) - last.bytes.length, first);
    if (end === undefined) return older.endEvent();
    const events = { bytes: text.subarray(0, ends[joint]), encoding: last.encoding, ends };
    const lines = encodeEvents(events, older.format);
    return this.#append(older, newer, { lines, older: last.end, newer: end });
  }

  #hasFailed({ known }: JointFile): boolean {
    return this.#failures >= FAILURES_MAX && this.#failedAt === placeOf(known);
  }

  #failed({ known }: JointFile): void {
    const place = placeOf(known);
    this.#failures = this.#failedAt === place ? this.#failures + 1 : 1;
    this.#failedAt = place;
  }

  async #append(older: JointFile, newer: JointFile, joint: Joint): Promise<Turn> {
    const { access, counters } = this.#context;
    if (!access.admits(this.#client)) return 'away';
    let isAppended: boolean;
    try {
      if (!(await this.#isUnread(newer))) return await older.endEvent();
      isAppended = await this.#appendOnce(older, newer, joint);
    } catch (error) {
      if (error instanceof StoreError && /^(?:refused|interrupted)$/.test(error.code)) this.#failed(older);
      access.failed(this.#client, error);
      return 'away';
    }
    access.succeeded(this.#client);
    if (isAppended) this.#count(older, newer, joint);
    else counters.conflicts++;
    await older.joined(isAppended ? joint.older : older.known.position);
    await newer.joined(isAppended ? joint.newer : newer.known.position);
    return 'more';
  }

  /** Makes the newer file known to the store; false where the store knows it and more than its start. */
  async #isUnread({ known, start }: JointFile): Promise<boolean> {
    const position = await positionUnder(this.#context, known, known, start);
    return position.offset === start.offset;
  }

  async #appendOnce(older: JointFile, newer: JointFile, joint: Joint): Promise<boolean> {
    const { writer, tenant, counters } = this.#context;
    const { channel, source, position } = older.known;
    const { json, lines, cut } = joint.lines;
    const batch: Parameters<LogWriter['append']>[1] = {
      ...{ source, from: position.offset, to: joint.older.offset, lines, cut },
      ...(await encodePayload(json)),
      also: { source: newer.known.source, from: newer.start.offset, to: joint.newer },
    };
    counters.readBatches++;
    let isAppended = false;
    try {
      const outcome = await writer.append({ tenant, channel }, batch, joint.older.mark);
      isAppended = outcome.kind === 'appended';
    } finally {
      if (!isAppended) counters.failedBatches++;
    }
    return isAppended;
  }

  #count(older: JointFile, newer: JointFile, joint: Joint): void {
    const olderBytes = joint.older.offset - older.known.position.offset;
    const newerBytes = joint.newer.offset - newer.start.offset;
    countAppended(this.#context.counters, joint.lines, olderBytes + newerBytes);
  }
}

function placeOf({ source, position }: KnownSource): string {
  return `${source} ${position.offset}`;
}

function isOfOneChannel({ known: older }: JointFile, { known: newer }: JointFile): boolean {
  return older.channel === newer.channel && older.earlier.length === 0 && newer.earlier.length === 0;
}

/** Up to `end` of the file, or as much as one read holds. */
async function linesAt(
  file: JointFile,
  position: SourcePosition,
  end = file.size,
): Promise<Lines | undefined> {
  const { encoding, lineBytesMax } = file.format;
  const tail = await file.tailAt(position, { encoding, lineBytesMax });
  const found = await tail?.read(file.size, Buffer.allocUnsafeSlow(READ_BUFFER_BYTES), { end });
  if (tail === undefined || found === undefined || found.kind === 'diverged') return undefined;
  const bytes = found.kind === 'lines' ? found.bytes : Buffer.alloc(0);
  const told = found.kind === 'lines' ? found.encoding : encoding;
  return { bytes, encoding: told, end: tail.position(file) };
}

/** Behind the first bytes of the lines; undefined where they have changed meanwhile. */
async function placeBehind(
  file: JointFile,
  length: number,
  lines: Lines,
): Promise<SourcePosition | undefined> {
  if (length === lines.bytes.length) return lines.end;
  const end = lines.end.offset - (lines.bytes.length - length);
  const again = await linesAt(file, file.start, end);
  return again?.bytes.equals(lines.bytes.subarray(0, length)) ? again.end : undefined;
}
