/**
 * From the replies of the scripts to the words of the store. Nothing here trusts what lies in Redis: a reply
 * of another shape than ours is a `corrupt` error, never a wrong number.
 */
import type { HistoryView } from '../../protocol/continuity.js';
import { FIRST_ENTRY, type Position, VOID_EPOCH, VOID_POSITION } from '../../protocol/cursor.js';
import type {
  AppendOutcome,
  ChannelHead,
  Page,
  SourceDescription,
  SourcePosition,
  StoredBatch,
} from '../log-store.js';
import { MalformedReply } from './error-mapping.js';

const VOID_VIEW: HistoryView = {
  epoch: VOID_EPOCH,
  firstSeq: 1,
  nextSeq: 1,
  firstEntry: FIRST_ENTRY,
  lastEntry: FIRST_ENTRY,
  anchored: false,
};

export function toAppendOutcome(reply: unknown): AppendOutcome {
  const [kind, first, second, third] = list(reply);
  switch (text(kind)) {
    case 'appended':
      return { kind: 'appended', epoch: text(first), entry: text(second), seq: whole(third) };
    case 'conflict':
      return { kind: 'conflict', position: toSourcePosition(first) };
    case 'unknown_source':
      return { kind: 'unknown_source' };
    default:
      throw new MalformedReply('an append outcome');
  }
}

/** `<offset> <last seq> <mark>` */
export function toSourcePosition(reply: unknown): SourcePosition {
  const match = /^(\d{1,16}) \d{1,16} (.*)$/s.exec(text(reply));
  if (match === null) throw new MalformedReply('a position');
  const [, offset, mark] = match as unknown as [string, string, string];
  return { offset: whole(offset), mark };
}

export function toPage(reply: unknown): Page {
  const values = list(reply);
  if (values.length === 0) return { view: VOID_VIEW, batches: [], sources: new Map() };
  const [epoch, nextSeq, lastEntry, firstEntry, firstSeq, anchored, entries, descriptions] = values;
  const view = {
    epoch: text(epoch),
    firstSeq: whole(firstSeq),
    nextSeq: whole(nextSeq),
    firstEntry: text(firstEntry),
    lastEntry: text(lastEntry),
    anchored: anchored === 1,
  };
  return { view, batches: list(entries).map(toBatch), sources: toDescriptions(descriptions) };
}

export function toLocated(reply: unknown): Position {
  const [epoch, entry, seq] = list(reply);
  return epoch === undefined ? VOID_POSITION : { epoch: text(epoch), entry: text(entry), seq: whole(seq) };
}

export function toHead(reply: unknown): ChannelHead {
  const [epoch, nextSeq] = list(reply);
  return epoch === null ? { epoch: VOID_EPOCH, nextSeq: 1 } : { epoch: text(epoch), nextSeq: whole(nextSeq) };
}

export function toNames(reply: unknown): string[] {
  return list(reply).map(text).sort();
}

/** Names and values in turn, as HGETALL and `read` return them; values that are missing are left out. */
export function toPairs(reply: unknown): [name: string, value: Buffer][] {
  const values = list(reply);
  const pairs: [string, Buffer][] = [];
  for (let index = 0; index < values.length; index += 2) {
    const value = values[index + 1];
    if (Buffer.isBuffer(value)) pairs.push([text(values[index]), value]);
  }
  return pairs;
}

export function toDescription(value: Buffer): SourceDescription {
  try {
    return JSON.parse(value.toString('utf8')) as SourceDescription;
  } catch {
    throw new MalformedReply('the description of a source');
  }
}

function toDescriptions(reply: unknown): ReadonlyMap<string, SourceDescription> {
  return new Map(toPairs(reply).map(([source, value]) => [source, toDescription(value)]));
}

function toBatch(reply: unknown): StoredBatch {
  const [id, fields] = list(reply);
  const entry = text(id);
  const byName = new Map(toPairs(fields));
  const encoding = text(byName.get('e'));
  const payload = byName.get('p');
  if (payload === undefined || (encoding !== 'json' && encoding !== 'deflate')) {
    throw new MalformedReply(`entry ${entry}`);
  }
  return {
    entry,
    seq: whole(byName.get('q')),
    source: text(byName.get('s')),
    from: whole(byName.get('f')),
    to: whole(byName.get('t')),
    lines: whole(byName.get('n')),
    encoding,
    payload,
    cut: byName.has('c') ? text(byName.get('c')).split(',').map(whole) : [],
  };
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new MalformedReply('a list');
  return value;
}

function text(value: unknown): string {
  if (Buffer.isBuffer(value)) return value.toString('utf8');
  if (typeof value === 'string') return value;
  throw new MalformedReply('a text');
}

function whole(value: unknown): number {
  const digits = text(value);
  const number = Number(digits);
  if (!/^\d{1,16}$/.test(digits) || !Number.isSafeInteger(number)) throw new MalformedReply('a whole number');
  return number;
}
