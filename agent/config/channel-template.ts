/**
 * Channel names made from a file's path by a template such as `{host}/{basename}`. Pure. Whatever the path
 * holds, the result is a valid channel: foreign characters become `_`, long segments are shortened with a
 * hash so that they stay distinct, and of too many segments the first ones of `{dir}` are left out.
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
  const whole = segmentsOf(template, path, host, 0);
  const excess = Math.max(whole.length - CHANNEL_SEGMENTS_MAX, 0);
  const cut = Math.ceil(excess / Math.max(template.split('{dir}').length - 1, 1));
  const segments = cut === 0 ? whole : segmentsOf(template, path, host, cut);
  // A host with a / in its name may still be too long.
  const channel = segments.map(asSegment).slice(-CHANNEL_SEGMENTS_MAX).join('/');
  if (channel.length > CHANNEL_BYTES_MAX) return shortened(channel.replaceAll('/', '_'), SEGMENT_BYTES_MAX);
  return channel === '' ? '_' : channel;
}

/** `cut`: how many segments are left out at the beginning of each `{dir}`. */
function segmentsOf(template: string, path: string, host: string, cut: number): string[] {
  const filled = template.replace(/\{([^{}]*)\}/g, (_, name: string) => {
    const value = PLACEHOLDERS[name]?.(path, host) ?? '';
    return name === 'dir' ? value.split('/').slice(cut).join('/') : value;
  });
  return filled.split('/').filter((segment) => segment !== '');
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
