/**
 * The agent's configuration: what users write (snake_case, strict, sizes and durations with units) and the
 * settings that the agent runs by. Every bound that an operator may change is here with its default.
 */
import { hostname } from 'node:os';
import { isAbsolute, resolve } from 'node:path';
import { z } from 'zod';
import { byteSize, duration } from '../shared/config.js';
import { isTenant } from '../shared/protocol/channel.js';
import { LINE_BYTES_MAX } from '../shared/protocol/limits.js';
import type { Retention } from '../shared/store/log-store.js';
import { DEFAULT_CHANNEL_TEMPLATE, templateProblem } from './channel-template.js';

/** Stands for standard input in `include`. */
export const STANDARD_INPUT = '-';

const LABELS_MAX = 16;
const GIB = 2 ** 30;
const DAY_MS = 86_400_000;

/** Files that are treated alike. */
export interface SourceRule {
  /** Absolute paths, directories and globs, or `-`. */
  readonly include: readonly string[];
  /** Globs; one without `/` is held against the name of a file alone. */
  readonly exclude: readonly string[];
  /** See channel-template.ts for the placeholders. */
  readonly channel: string;
  /** Where to begin in a file that was there before the agent first saw its directory. */
  readonly readFrom: 'start' | 'end';
  readonly labels: Readonly<Record<string, string>>;
}

export interface AgentSettings {
  readonly tenant: string;
  readonly host: string;
  readonly sources: readonly SourceRule[];
  readonly maxLineBytes: number;
  readonly openFilesMax: number;
  readonly retention: Retention;
  /** Absent where the agent shares a store with the hub in its process. */
  readonly redis?: { readonly url: string; readonly keyPrefix?: string };
  /** Directories that are never tailed: the program's own, so that it does not feed itself. */
  readonly ownDirectories?: readonly string[];
}

const label = z.string().max(256);

const sourceRule = z
  .strictObject({
    /** Files, directories (every file directly inside that is not hidden), globs, or `-`. */
    include: z.array(z.string().min(1)).min(1, 'must name at least one file, directory or glob'),
    exclude: z.array(z.string().min(1)).default([]),
    /** {basename} {name} {dir} {parent} {host} and fixed text; characters that no channel has become _ */
    channel: z.string().default(DEFAULT_CHANNEL_TEMPLATE).superRefine(checkTemplate),
    /** Of a file that no agent has read before: all of it, or what comes from now on. */
    read_from: z.enum(['start', 'end']).default('start'),
    /** Travel with every batch of these files, such as `service: checkout`. */
    labels: z
      .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/), label)
      .refine((labels) => Object.keys(labels).length <= LABELS_MAX, `must be at most ${LABELS_MAX} labels`)
      .default({}),
  })
  .transform(
    ({ include, exclude, channel, read_from, labels }): SourceRule => ({
      include: include.map(absolute),
      exclude,
      channel,
      readFrom: read_from,
      labels,
    }),
  );

const retention = z
  .strictObject({
    /** Stored (compressed) bytes that a channel keeps. */
    bytes: byteSize.default(GIB),
    age: duration.default(7 * DAY_MS),
  })
  .transform(({ bytes, age }): Retention => ({ bytes, ageMs: age }));

const redis = z
  .strictObject({ url: z.string().min(1), key_prefix: z.string().min(1).optional() })
  .transform(({ url, key_prefix }) => ({ url, ...(key_prefix !== undefined && { keyPrefix: key_prefix }) }));

/** What a configuration file holds; parsing it gives `AgentSettings`. */
export const agentConfig = z
  .strictObject({
    tenant: z.string().refine(isTenant, 'must be a-z 0-9 - and begin with a letter or digit, at most 63'),
    /** The name of this machine in channels and sources; another name makes every file a new one. */
    host: z.string().min(1).max(255).default(hostname),
    redis: redis.optional(),
    sources: z.array(sourceRule).min(1, 'must have at least one entry'),
    /** A longer line loses its end and is flagged. */
    max_line_bytes: byteSize
      .refine((bytes) => bytes <= LINE_BYTES_MAX, `must be at most ${LINE_BYTES_MAX} bytes`)
      .default(LINE_BYTES_MAX),
    /** Files held open at once. Quiet ones beyond it are closed and opened again when they grow. */
    open_files_max: z.int().min(16).default(512),
    retention: retention.prefault({}),
  })
  .transform(
    (config): AgentSettings => ({
      tenant: config.tenant,
      host: config.host,
      sources: config.sources,
      maxLineBytes: config.max_line_bytes,
      openFilesMax: config.open_files_max,
      retention: config.retention,
      ...(config.redis !== undefined && { redis: config.redis }),
    }),
  );

function checkTemplate(template: string, context: z.core.$RefinementCtx<string>): void {
  const problem = templateProblem(template);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
}

function absolute(include: string): string {
  return include === STANDARD_INPUT || isAbsolute(include) ? include : keepSlash(include, resolve(include));
}

/** A trailing slash says that a directory is meant, also before it exists. */
function keepSlash(original: string, resolved: string): string {
  return original.endsWith('/') ? `${resolved}/` : resolved;
}
