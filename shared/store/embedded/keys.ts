/**
 * Names of everything in the embedded store, in one place. `!` occurs in no tenant and no channel, so a
 * prefix that ends with it holds exactly one channel. Numbers are padded: LevelDB orders keys by bytes.
 *
 *   v                          format of the whole, `1`
 *   h!<tenant>/<channel>       head of the channel
 *   s!<tenant>/<channel>!<id>  description of a source
 *   p!<tenant>/<channel>!<id>  position of a source
 *   e!<tenant>/<channel>!<entry id>  batch
 *   q!<tenant>/<channel>!<seq>       which entry begins with that seq, and how large it is: finds a line, and
 *                                    what to evict, without touching a payload
 */
import { type ChannelId, channelKey } from '../../protocol/channel.js';

export const FORMAT_KEY = 'v';
export const FORMAT = '1';

const MS_DIGITS = 16;
const COUNT_DIGITS = 20;
const SEQ_DIGITS = 16;

/** Keys from `gte` on and before `lt`. */
export interface KeyRange {
  readonly gte: string;
  readonly lt: string;
}

export function headKey(id: ChannelId): string {
  return `h!${channelKey(id)}`;
}

export function descriptionKey(id: ChannelId, source: string): string {
  return `s!${channelKey(id)}!${source}`;
}

export function positionKey(id: ChannelId, source: string): string {
  return `p!${channelKey(id)}!${source}`;
}

/** `entry` is `<ms>-<count>` with at most 16 and 20 digits, as a cursor may have them. */
export function entryKey(id: ChannelId, entry: string): string {
  const [ms, count] = entry.split('-') as [string, string];
  return `e!${channelKey(id)}!${ms.padStart(MS_DIGITS, '0')}-${count.padStart(COUNT_DIGITS, '0')}`;
}

export function seqKey(id: ChannelId, seq: number): string {
  return `q!${channelKey(id)}!${`${seq}`.padStart(SEQ_DIGITS, '0')}`;
}

export function entryRange(id: ChannelId): KeyRange {
  return startingWith(`e!${channelKey(id)}!`);
}

export function seqRange(id: ChannelId): KeyRange {
  return startingWith(`q!${channelKey(id)}!`);
}

export function headRange(tenant: string): KeyRange {
  return startingWith(`h!${tenant}/`);
}

export function descriptionRange(tenant: string): KeyRange {
  return startingWith(`s!${tenant}/`);
}

export function channelOfHeadKey(key: string): string {
  return key.slice(key.indexOf('/') + 1);
}

export function seqOfKey(key: string): number {
  return Number(key.slice(-SEQ_DIGITS));
}

export function sourceOfDescriptionKey(key: string): { channel: string; source: string } {
  const end = key.indexOf('!', 2);
  return { channel: key.slice(key.indexOf('/') + 1, end), source: key.slice(end + 1) };
}

function startingWith(prefix: string): KeyRange {
  const last = prefix.charCodeAt(prefix.length - 1);
  return { gte: prefix, lt: prefix.slice(0, -1) + String.fromCharCode(last + 1) };
}
