/**
 * Channel names made from a file's path by a template such as `{host}/{basename}`. Pure. Whatever the path
 * holds, the result is a valid channel: foreign characters become `_`, long segments are shortened with a
 * hash so that they stay distinct, and of too many segments the last ones stay.
 */
import { hash } from 'node:crypto';
import { basename, dirname, extname } from 'node:path';
import { CHANNEL_BYTES_MAX, CHANNEL_SEGMENTS_MAX, isChannel } from '../../shared/protocol/channel.js';

/** The file's channel beside those of other hosts; files of one name share it. */
export const DEFAULT_CHANNEL_TEMPLATE = '{host}/{basename}';

const SEGMENT_BYTES_MAX = 64;
const HASH_CHARACTERS = 8;

const PLACEHOLDERS: Readonly<Record<string, (path: string, host: string) => string>> = {
  /** `access.log` of `/var/log/nginx/access.log`. */
  basename: (path) => basename(path),
  /** `access` */
  name: (path) => basename(path, extname(path)),
  /** `var/log/nginx` */
  dir: (path) => dirname(path).replace(/^\/+/, ''),
  /** `nginx` */
  parent: (path) => basename(dirname(path)),
  host: (_path, host) => host,
};

/** The rule that the template breaks, or undefined where it breaks none. */
export function templateProblem(template: string): string | undefined {
  const unknown = [...template.matchAll(/\{([^{}]*)\}/g)]
    .map((match) => match[1] ?? '')
    .find((name) => !Object.hasOwn(PLACEHOLDERS, name));
  const known = Object.keys(PLACEHOLDERS)
    .map((name) => `{${name}}`)
    .join(', ');
  if (unknown !== undefined) return `{${unknown}} is not one of ${known}`;
  if (!isChannel(template.replace(/\{[^{}]*\}/g, 'x')))
    return 'must be segments of A-Z a-z 0-9 . _ - and placeholders, joined by /, at most 8 of them';
  return undefined;
}

/** The channel of a file; the template has no problem. `path` is absolute. */
export function channelOf(template: string, path: string, host: string): string {
  const filled = template.replace(/\{([^{}]*)\}/g, (_, name: string) => {
    return PLACEHOLDERS[name]?.(path, host) ?? '';
  });
  const segments = filled.split('/').filter((segment) => segment !== '');
  const channel = segments.map(asSegment).slice(-CHANNEL_SEGMENTS_MAX).join('/');
  if (channel.length > CHANNEL_BYTES_MAX) return shortened(channel.replaceAll('/', '_'), SEGMENT_BYTES_MAX);
  return channel === '' ? '_' : channel;
}

function asSegment(text: string): string {
  const clean = text.replace(/[^A-Za-z0-9._-]/gu, '_');
  if (clean === '.' || clean === '..') return clean.replaceAll('.', '_');
  if (clean === '__proto__') return '_proto_';
  return clean.length <= SEGMENT_BYTES_MAX ? clean : shortened(clean, SEGMENT_BYTES_MAX);
}

function shortened(text: string, charactersMax: number): string {
  const digest = hash('sha256', text, 'hex').slice(0, HASH_CHARACTERS);
  return `${text.slice(0, charactersMax - HASH_CHARACTERS - 1)}-${digest}`;
}
