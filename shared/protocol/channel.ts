/**
 * Names of tenants and channels, and the patterns that match channels. Pure: grammar only, no lookups.
 * A channel is segments `[A-Za-z0-9._-]{1,64}` joined by `/`, at most 8 of them and 200 bytes in all;
 * `.`, `..` and `__proto__` are no segments (the last one is lost as the key of an object in JavaScript).
 * In a pattern `*` stands for any run of characters inside one segment and `**`, as the last segment, for one
 * or more segments.
 */

export const TENANT = /^[a-z0-9][a-z0-9-]{0,62}$/;

export const CHANNEL_BYTES_MAX = 200;
export const CHANNEL_SEGMENTS_MAX = 8;

const CHANNEL_SEGMENT = /^(?!(?:\.\.?|__proto__)$)[A-Za-z0-9._-]{1,64}$/;
const PATTERN_SEGMENT = /^(?!(?:\.\.?|__proto__)$)[A-Za-z0-9._*-]{1,64}$/;
const REST = '**';

/** A channel inside its tenant: what the store and the hub address. */
export interface ChannelId {
  readonly tenant: string;
  readonly channel: string;
}

export function isTenant(text: string): boolean {
  return TENANT.test(text);
}

export function isChannel(text: string): boolean {
  const segments = splitWithinBounds(text);
  return segments?.every((segment) => CHANNEL_SEGMENT.test(segment)) ?? false;
}

/** True for every channel too: a channel is the pattern that matches itself alone. */
export function isChannelPattern(text: string): boolean {
  const segments = splitWithinBounds(text);
  if (segments === undefined) return false;
  const last = segments.length - 1;
  return segments.every((segment, index) =>
    segment.includes(REST) ? segment === REST && index === last : PATTERN_SEGMENT.test(segment),
  );
}

/** Whether a valid pattern is more than the name of one channel. */
export function hasWildcard(pattern: string): boolean {
  return pattern.includes('*');
}

export type ChannelMatcher = (channel: string) => boolean;

/**
 * Compiles a valid pattern once. Patterns come from clients: without regular expressions, since one made of
 * `*a*a*a*a` takes a backtracking engine longer than anyone lives.
 */
export function compileChannelPattern(pattern: string): ChannelMatcher {
  if (!hasWildcard(pattern)) return (channel) => channel === pattern;
  const segments = pattern.split('/');
  const hasRest = segments.at(-1) === REST;
  const matchers = segments.slice(0, hasRest ? -1 : undefined).map(compileSegment);
  return (channel) => {
    const names = channel.split('/');
    const fits = hasRest ? names.length > matchers.length : names.length === matchers.length;
    return fits && matchers.every((matches, index) => matches(names[index] ?? ''));
  };
}

export function compileChannelPatterns(patterns: readonly string[]): ChannelMatcher {
  const matchers = patterns.map(compileChannelPattern);
  return (channel) => matchers.some((matches) => matches(channel));
}

export function channelKey({ tenant, channel }: ChannelId): string {
  return `${tenant}/${channel}`;
}

function splitWithinBounds(text: string): string[] | undefined {
  if (text.length > CHANNEL_BYTES_MAX) return undefined;
  const segments = text.split('/');
  return segments.length > CHANNEL_SEGMENTS_MAX ? undefined : segments;
}

/** Each literal between two stars is looked for once, from where the one before it ended. */
function compileSegment(segment: string): (name: string) => boolean {
  const [head = '', ...inner] = segment.split('*');
  const tail = inner.pop();
  if (tail === undefined) return (name) => name === segment;
  return (name) => {
    const end = name.length - tail.length;
    if (end < head.length || !name.startsWith(head) || !name.endsWith(tail)) return false;
    let from = head.length;
    for (const literal of inner) {
      const at = name.indexOf(literal, from);
      if (at === -1 || at + literal.length > end) return false;
      from = at + literal.length;
    }
    return true;
  };
}
